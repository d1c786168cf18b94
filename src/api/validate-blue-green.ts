import type { BlueGreenStrategy } from './blue-green-strategy.ts';
import { invalid, type FieldErrors } from './field-error.ts';
import { textOf } from './json-access.ts';
import { validateAntiAffinity } from './validate-anti-affinity.ts';

/** Checks the blue/green strategy by itself. */
export function validateBlueGreen(
  blueGreen: BlueGreenStrategy,
  revisionHistoryLimit: number,
  field: string,
): FieldErrors {
  const { scaleDownDelayRevisionLimit: limit } = blueGreen;
  // The schema demands activeService, but a Rollout may come from a cluster with a looser one.
  const activeService = textOf(blueGreen.activeService);
  const previewService = textOf(blueGreen.previewService);
  return [
    ...(activeService === previewService
      ? [invalid(`${field}.activeService`, activeService, 'it must differ from previewService, and must be given')]
      : []),
    ...(limit !== undefined && limit > revisionHistoryLimit
      ? [
          invalid(
            `${field}.scaleDownDelayRevisionLimit`,
            limit,
            `it must not be more than spec.revisionHistoryLimit (${revisionHistoryLimit}), which deletes the others`,
          ),
        ]
      : []),
    ...validateAntiAffinity(blueGreen.antiAffinity, `${field}.antiAffinity`),
  ];
}
