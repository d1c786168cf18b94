import { forbidden, invalid, invalidEach, required, type FieldErrors } from './field-error.ts';
import { listOf, recordOf, textMapOf, textOf } from './json-access.ts';
import { labelValueProblems, qualifiedNameProblems } from './name-syntax.ts';

/** Checks a label selector in its object form, each field by itself. */
export function validateLabelSelector(selector: unknown, field: string): FieldErrors {
  const { matchLabels, matchExpressions } = recordOf(selector);
  return [
    ...validateLabels(textMapOf(matchLabels), `${field}.matchLabels`),
    ...listOf(matchExpressions).flatMap((item, index) =>
      validateRequirement(item, `${field}.matchExpressions[${index}]`),
    ),
  ];
}

/** Checks keys and values of labels. */
export function validateLabels(labels: Readonly<Record<string, string>>, field: string): FieldErrors {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...invalidEach(field, key, qualifiedNameProblems(key)),
    ...invalidEach(field, value, labelValueProblems(value)),
  ]);
}

function validateRequirement(item: unknown, field: string): FieldErrors {
  const requirement = recordOf(item);
  const key = textOf(requirement['key']);
  const values = listOf(requirement['values']).map(textOf);
  return [
    ...validateOperator(textOf(requirement['operator']), values.length, field),
    ...invalidEach(`${field}.key`, key, qualifiedNameProblems(key)),
    ...values.flatMap((value, index) => invalidEach(`${field}.values[${index}]`, value, labelValueProblems(value))),
  ];
}

function validateOperator(operator: string, valueCount: number, field: string): FieldErrors {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return valueCount > 0 ? [] : [required(`${field}.values`, 'In and NotIn need at least one value')];
    case 'Exists':
    case 'DoesNotExist':
      return valueCount === 0 ? [] : [forbidden(`${field}.values`, 'Exists and DoesNotExist take no values')];
    default:
      return [invalid(`${field}.operator`, operator, 'use In, NotIn, Exists or DoesNotExist')];
  }
}
