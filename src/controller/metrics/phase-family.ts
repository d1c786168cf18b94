import { gauge, type Labels, type MetricFamily } from './metric-family.ts';

/** An object, or a part of one, and the phase it is in. */
export interface InPhase {
  readonly labels: Labels;
  readonly phase: string;
}

/** Phases of AnalysisRuns, their metrics and Experiments. What has none yet is Pending. */
export const analysisPhases = ['Pending', 'Error', 'Failed', 'Successful', 'Running', 'Inconclusive'] as const;

/** One series for each phase, of which that of the present phase is 1. */
export function phaseFamily(
  name: string,
  help: string,
  phases: readonly string[],
  objects: readonly InPhase[],
): MetricFamily {
  return gauge(
    name,
    help,
    objects.flatMap(({ labels, phase }) =>
      phases.map((one) => ({ labels: { ...labels, phase: one }, value: one === phase ? 1 : 0 })),
    ),
  );
}
