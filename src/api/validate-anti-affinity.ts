import type { AntiAffinity } from './canary-strategy.ts';
import { invalid, type FieldErrors } from './field-error.ts';

/** Checks the anti-affinity between revisions: exactly one kind, and a weight that the scheduler takes. */
export function validateAntiAffinity(antiAffinity: AntiAffinity | undefined, field: string): FieldErrors {
  if (antiAffinity === undefined) return [];
  const preferred = antiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
  const needed = antiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
  const weight = preferred?.weight ?? 0;
  return [
    ...((preferred === undefined) === (needed === undefined)
      ? [
          invalid(
            field,
            antiAffinity,
            'give exactly one of preferredDuringSchedulingIgnoredDuringExecution and ' +
              'requiredDuringSchedulingIgnoredDuringExecution',
          ),
        ]
      : []),
    ...(preferred !== undefined && (weight < 1 || weight > 100)
      ? [invalid(`${field}.weight`, weight, 'it must be between 1 and 100')]
      : []),
  ];
}
