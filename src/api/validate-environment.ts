import { unreachable } from '../base/invariant.ts';
import { invalid, invalidEach, required, type FieldErrors } from './field-error.ts';
import { listOf, optionalRecord, recordOf, textOf, type JsonRecord } from './json-access.ts';
import { dataKeyProblems, environmentNameProblems } from './name-syntax.ts';
import { validatePodFieldReference, validateResourceFieldReference } from './validate-downward-fields.ts';

const valueSources = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'] as const;

/** Checks env and envFrom of a container. */
export function validateEnvironment(container: JsonRecord, field: string): FieldErrors {
  return [
    ...listOf(container['env']).flatMap((item, index) => validateVariable(recordOf(item), `${field}.env[${index}]`)),
    ...listOf(container['envFrom']).flatMap((item, index) =>
      validateVariableSet(recordOf(item), `${field}.envFrom[${index}]`),
    ),
  ];
}

function validateVariable(variable: JsonRecord, field: string): FieldErrors {
  const name = textOf(variable['name']);
  const valueFrom = optionalRecord(variable['valueFrom']);
  return [
    ...(name === '' ? [required(`${field}.name`)] : invalidEach(`${field}.name`, name, environmentNameProblems(name))),
    ...(valueFrom === undefined ? [] : validateValueFrom(valueFrom, textOf(variable['value']), `${field}.valueFrom`)),
  ];
}

function validateValueFrom(valueFrom: JsonRecord, value: string, field: string): FieldErrors {
  const sources = valueSources.filter((name) => optionalRecord(valueFrom[name]) !== undefined);
  return [
    ...sources.flatMap((name) => validateValueSource(name, recordOf(valueFrom[name]), `${field}.${name}`)),
    ...(sources.length === 0 ? [invalid(field, '', `give one of ${valueSources.join(', ')}`)] : []),
    ...(value !== '' && sources.length > 0
      ? [invalid(field, '', `it must not stand beside a value ("${value}"); remove one of them`)]
      : []),
    ...(value === '' && sources.length > 1
      ? [invalid(field, '', `it must have one source, and has ${sources.join(' and ')}`)]
      : []),
  ];
}

function validateValueSource(name: (typeof valueSources)[number], source: JsonRecord, field: string): FieldErrors {
  switch (name) {
    case 'fieldRef':
      return validatePodFieldReference(source, field);
    case 'resourceFieldRef':
      return validateResourceFieldReference(source, field);
    case 'configMapKeyRef':
    case 'secretKeyRef':
      return validateKeyReference(source, field);
    case 'fileKeyRef':
      return [];
    default:
      return unreachable(name);
  }
}

function validateKeyReference(source: JsonRecord, field: string): FieldErrors {
  const key = textOf(source['key']);
  return [
    ...(textOf(source['name']) === '' ? [required(`${field}.name`)] : []),
    ...(key === '' ? [required(`${field}.key`)] : invalidEach(`${field}.key`, key, dataKeyProblems(key))),
  ];
}

function validateVariableSet(set: JsonRecord, field: string): FieldErrors {
  const prefix = textOf(set['prefix']);
  const sources = ['configMapRef', 'secretRef'].filter((name) => optionalRecord(set[name]) !== undefined);
  // The list itself is named, not the item: so does Kubernetes.
  const list = field.slice(0, field.lastIndexOf('['));
  return [
    ...(prefix === '' ? [] : invalidEach(`${field}.prefix`, prefix, environmentNameProblems(prefix))),
    ...sources.flatMap((name) =>
      textOf(recordOf(set[name])['name']) === '' ? [required(`${field}.${name}.name`)] : [],
    ),
    ...(sources.length === 1 ? [] : [invalid(list, '', 'each entry must have one of configMapRef, secretRef')]),
  ];
}
