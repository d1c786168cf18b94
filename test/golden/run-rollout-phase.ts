import type { RolloutStatus } from '../../src/api/rollout-status.ts';
import type { RolloutSpec } from '../../src/api/rollout.ts';
import { isFullyPromoted, isUnpausing, rolloutPhase, shownPhase, type Phase } from '../../src/engine/phase.ts';

/** The input of a case of rollout-phase.json. */
export interface RolloutPhaseInput {
  readonly rollout: {
    readonly metadata: { readonly generation: number; readonly annotations?: Readonly<Record<string, string>> };
    readonly spec: RolloutSpec;
    readonly status: RolloutStatus;
  };
  readonly templateResolvedFromRef?: boolean;
}

/** The expected part of a case of rollout-phase.json. */
export interface RolloutPhaseOutput {
  readonly calculated: Phase;
  readonly phase: string;
  readonly message: string;
  readonly fullyPromoted: boolean;
  readonly unpausing: boolean;
}

/** Runs one case of rollout-phase.json and answers in the shape of the file. */
export function runRolloutPhase({ rollout, templateResolvedFromRef }: RolloutPhaseInput): RolloutPhaseOutput {
  const { metadata, spec, status } = rollout;
  const { workloadRef, ...ownTemplate } = spec;
  const view = {
    generation: metadata.generation,
    annotations: metadata.annotations ?? {},
    // Without a template from the workload, the workload's generation does not count.
    spec: templateResolvedFromRef === true ? { ...ownTemplate, workloadRef } : ownTemplate,
    status,
  };
  return {
    calculated: rolloutPhase(view),
    ...shownPhase(view),
    fullyPromoted: isFullyPromoted(status),
    unpausing: isUnpausing(status),
  };
}
