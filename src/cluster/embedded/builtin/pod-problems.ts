import type { FieldError, FieldErrorType } from '../../../api/field-error.ts';
import type { Json } from '../../../api/object.ts';
import { validateContainers } from '../../../api/validate-containers.ts';
import { validatePodScheduling } from '../../../api/validate-pod-scheduling.ts';
import { validatePodSettings } from '../../../api/validate-pod-settings.ts';
import { validateVolumes } from '../../../api/validate-volumes.ts';
import { isRecord } from '../json.ts';

/** What is wrong with a pod spec, in a Pod as in a template. */
export function podSpecProblems(spec: Json | undefined, field: string): readonly string[] {
  if (!isRecord(spec)) return [`${field}: Required value`];
  const { volumes = [] } = spec;
  const checked = validateVolumes(Array.isArray(volumes) ? volumes : [], `${field}.volumes`);
  return [
    ...checked.errors,
    ...validateContainers(spec, checked.names, field),
    ...validatePodSettings(spec, field),
    ...validatePodScheduling(spec, field),
  ].map(describe);
}

const kinds: Readonly<Record<FieldErrorType, string>> = {
  FieldValueRequired: 'Required value',
  FieldValueInvalid: 'Invalid value',
  FieldValueTypeInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueForbidden: 'Forbidden',
  FieldValueNotFound: 'Not found',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  InternalError: 'Internal error',
};

function describe({ field, type, value, detail }: FieldError): string {
  const shown = value === undefined ? '' : `: ${JSON.stringify(value)}`;
  return `${field}: ${kinds[type]}${shown}: ${detail}`;
}
