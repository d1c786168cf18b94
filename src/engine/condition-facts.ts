import type { RolloutStatus } from '../api/rollout.ts';
import type { SluiceError } from '../base/error.ts';
import { nextConditions, type ConditionFacts } from './conditions.ts';
import { deadlineExceeded } from './deadline.ts';
import type { Effect } from './decision.ts';
import { abortCause, type Pass } from './pass.ts';
import { rolloutPhase } from './phase.ts';
import { revisionOf } from './revision.ts';
import { isIn, type Situation } from './situation.ts';

/** An effect that could not be done. */
export interface EffectFailure {
  readonly effect: Effect;
  readonly error: SluiceError;
}

/** The status with the conditions of the pass, and with the phase and message that follow from them. */
export function withConditions(
  pass: Pass,
  status: RolloutStatus,
  effects: readonly Effect[],
  failure?: EffectFailure,
): RolloutStatus {
  const { world, state } = pass.settled;
  if (state === 'deleting') return status;
  const conditions = nextConditions(factsOf(pass, status, effects, failure), world.now);
  const reported = { ...status, conditions };
  const { phase, message } = rolloutPhase({ spec: world.rollout.spec, status: reported });
  const { message: _before, ...rest } = reported;
  return { ...rest, phase, ...(message === '' ? {} : { message }) };
}

function factsOf(
  pass: Pass,
  next: RolloutStatus,
  effects: readonly Effect[],
  failure: EffectFailure | undefined,
): ConditionFacts {
  const { settled, restored } = pass;
  const { rollout, problems, replicaSets } = settled.world;
  const failed = replicaSets.find((replicaSet) => replicaSet.failure !== undefined);
  const failsToCreate = failure?.effect.kind === 'createReplicaSet';
  return {
    name: rollout.name,
    generation: rollout.generation,
    spec: rollout.spec,
    previous: rollout.status,
    next,
    problem: isIn(settled, 'invalid')
      ? problems.map(({ field, message }) => `${field}: ${message}`).join('; ')
      : undefined,
    replicaSetName: settled.current?.name ?? nameOfNew(settled),
    replicaSetCreated: !failsToCreate && effects.some(({ kind }) => kind === 'createReplicaSet'),
    replicaSetError: failsToCreate ? failure?.error.message : undefined,
    revision: revisionOf(settled),
    abortCause: abortCause(pass),
    deadlineExceeded: deadlineExceeded(restored),
    replicaFailure: failed === undefined ? undefined : { reason: 'FailedCreate', message: failed.failure ?? '' },
  };
}

function nameOfNew({ world }: Situation): string {
  return `${world.rollout.name}-${world.rollout.templateHash}`;
}
