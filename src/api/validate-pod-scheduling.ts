import { duplicate, invalid, invalidEach, notSupported, required, type FieldErrors } from './field-error.ts';
import { listOf, numberOf, optionalRecord, recordOf, textMapOf, textOf, type JsonRecord } from './json-access.ts';
import { labelValueProblems, qualifiedNameProblems } from './name-syntax.ts';
import { validateLabels, validateLabelSelector } from './validate-label-selector.ts';

const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const spreadActions = ['DoNotSchedule', 'ScheduleAnyway'];
const nodeOperators = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'];

/** Checks what decides on which nodes the pods run. */
export function validatePodScheduling(spec: JsonRecord, field: string): FieldErrors {
  const affinity = recordOf(spec['affinity']);
  return [
    ...validateLabels(textMapOf(spec['nodeSelector']), `${field}.nodeSelector`),
    ...validateNodeAffinity(recordOf(affinity['nodeAffinity']), `${field}.affinity.nodeAffinity`),
    ...['podAffinity', 'podAntiAffinity'].flatMap((name) =>
      validatePodAffinity(recordOf(affinity[name]), `${field}.affinity.${name}`),
    ),
    ...listOf(spec['tolerations']).flatMap((item, index) =>
      validateToleration(recordOf(item), `${field}.tolerations[${index}]`),
    ),
    ...validateSpread(listOf(spec['topologySpreadConstraints']), `${field}.topologySpreadConstraints`),
  ];
}

function validateNodeAffinity(affinity: JsonRecord, field: string): FieldErrors {
  const requiredName = 'requiredDuringSchedulingIgnoredDuringExecution';
  const preferredName = 'preferredDuringSchedulingIgnoredDuringExecution';
  const requirement = optionalRecord(affinity[requiredName]);
  const terms = listOf(requirement?.['nodeSelectorTerms']);
  const at = `${field}.${requiredName}.nodeSelectorTerms`;
  return [
    ...(requirement !== undefined && terms.length === 0 ? [required(at, 'give at least one term')] : []),
    ...terms.flatMap((term, index) => validateNodeTerm(recordOf(term), `${at}[${index}]`)),
    ...listOf(affinity[preferredName]).flatMap((item, index) => {
      const preferredAt = `${field}.${preferredName}[${index}]`;
      const preference = recordOf(item);
      return [
        ...validateWeight(preference, preferredAt),
        ...validateNodeTerm(recordOf(preference['preference']), `${preferredAt}.preference`),
      ];
    }),
  ];
}

function validateNodeTerm(term: JsonRecord, field: string): FieldErrors {
  return listOf(term['matchExpressions']).flatMap((item, index) => {
    const expression = recordOf(item);
    const at = `${field}.matchExpressions[${index}]`;
    const key = textOf(expression['key']);
    const operator = textOf(expression['operator']);
    return [
      ...(nodeOperators.includes(operator)
        ? validateNodeValues(operator, listOf(expression['values']).length, at)
        : [invalid(`${at}.operator`, operator, `use one of: ${nodeOperators.join(', ')}`)]),
      ...invalidEach(`${at}.key`, key, qualifiedNameProblems(key)),
    ];
  });
}

function validateNodeValues(operator: string, count: number, field: string): FieldErrors {
  const at = `${field}.values`;
  if (operator === 'In' || operator === 'NotIn') {
    return count > 0 ? [] : [required(at, `${operator} needs at least one value`)];
  }
  if (operator === 'Gt' || operator === 'Lt') return count === 1 ? [] : [required(at, `${operator} needs one value`)];
  return count === 0 ? [] : [{ field: at, type: 'FieldValueForbidden', detail: `${operator} takes no values` }];
}

function validatePodAffinity(affinity: JsonRecord, field: string): FieldErrors {
  return [
    ...listOf(affinity['requiredDuringSchedulingIgnoredDuringExecution']).flatMap((item, index) =>
      validatePodTerm(recordOf(item), `${field}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`),
    ),
    ...listOf(affinity['preferredDuringSchedulingIgnoredDuringExecution']).flatMap((item, index) => {
      const at = `${field}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      const preference = recordOf(item);
      return [
        ...validateWeight(preference, at),
        ...validatePodTerm(recordOf(preference['podAffinityTerm']), `${at}.podAffinityTerm`),
      ];
    }),
  ];
}

function validatePodTerm(term: JsonRecord, field: string): FieldErrors {
  return [
    ...validateLabelSelector(term['labelSelector'], `${field}.labelSelector`),
    ...validateTopologyKey(term, field),
  ];
}

function validateTopologyKey(term: JsonRecord, field: string): FieldErrors {
  const key = textOf(term['topologyKey']);
  return key === ''
    ? [required(`${field}.topologyKey`, 'name a node label such as kubernetes.io/hostname')]
    : invalidEach(`${field}.topologyKey`, key, qualifiedNameProblems(key));
}

function validateWeight(preference: JsonRecord, field: string): FieldErrors {
  const weight = numberOf(preference['weight']) ?? 0;
  return weight >= 1 && weight <= 100 ? [] : [invalid(`${field}.weight`, weight, 'it must be between 1 and 100')];
}

function validateToleration(toleration: JsonRecord, field: string): FieldErrors {
  const key = textOf(toleration['key']);
  const operator = textOf(toleration['operator']);
  const effect = textOf(toleration['effect']);
  return [
    ...(key === '' ? [] : invalidEach(`${field}.key`, key, qualifiedNameProblems(key))),
    ...(key === '' && operator !== 'Exists'
      ? [invalid(`${field}.operator`, operator, 'without a key it must be Exists, which tolerates everything')]
      : []),
    ...(toleration['tolerationSeconds'] !== undefined && effect !== 'NoExecute'
      ? [invalid(`${field}.effect`, effect, 'it must be NoExecute when tolerationSeconds is set')]
      : []),
    ...validateTolerationValue(operator, textOf(toleration['value']), `${field}.operator`),
    ...(effect === '' || taintEffects.includes(effect) ? [] : [notSupported(`${field}.effect`, effect, taintEffects)]),
  ];
}

function validateTolerationValue(operator: string, value: string, field: string): FieldErrors {
  switch (operator) {
    case '':
    case 'Equal':
      return invalidEach(field, value, labelValueProblems(value));
    case 'Exists':
      return value === '' ? [] : [invalid(field, value, 'with Exists the value must be empty')];
    default:
      return [notSupported(field, operator, ['Equal', 'Exists'])];
  }
}

function validateSpread(constraints: readonly unknown[], field: string): FieldErrors {
  const seen = new Set<string>();
  return constraints.flatMap((item, index) => {
    const constraint = recordOf(item);
    const at = `${field}[${index}]`;
    const pair = `{${textOf(constraint['topologyKey'])}, ${textOf(constraint['whenUnsatisfiable'])}}`;
    const errors = [
      ...((numberOf(constraint['maxSkew']) ?? 0) > 0
        ? []
        : [invalid(`${at}.maxSkew`, constraint['maxSkew'], 'it must be more than 0')]),
      ...validateTopologyKey(constraint, at),
      ...(spreadActions.includes(textOf(constraint['whenUnsatisfiable']))
        ? []
        : [notSupported(`${at}.whenUnsatisfiable`, constraint['whenUnsatisfiable'], spreadActions)]),
      ...(seen.has(pair) ? [duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, pair)] : []),
      ...validateLabelSelector(constraint['labelSelector'], `${at}.labelSelector`),
    ];
    seen.add(pair);
    return errors;
  });
}
