import type { RolloutStatus } from '../api/rollout.ts';
import type { SluiceError } from '../base/error.ts';
import { withConditions } from './condition-facts.ts';
import type { Effect, Notice } from './decision.ts';
import { effectText } from './reason.ts';
import { restore } from './settle.ts';
import { situate } from './situation.ts';
import { nextStatus } from './status.ts';
import { readStored } from './stored.ts';
import type { World } from './world.ts';

/**
 * The status after an effect failed: the facts that were observed and the error, never a transition. What was not done
 * is tried again from the same state.
 */
export function statusAfterFailure(world: World, effect: Effect, error: SluiceError): RolloutStatus {
  const { restored } = restore(readStored(world.rollout));
  const situation = situate(world, restored.stored, restored.path, restored.stepIndex);
  const pass = { restored: situation, settled: situation, moved: false, failedRun: undefined };
  const status = withConditions(pass, nextStatus(pass), [], { effect, error });
  const collides = effect.kind === 'createReplicaSet' && error.code === 'AlreadyExists';
  // A ReplicaSet of that name belongs to something else, so the next hash must be another one.
  return collides ? { ...status, collisionCount: (status.collisionCount ?? 0) + 1 } : status;
}

/** The Event about a failed effect. */
export function failureNotice(effect: Effect, error: SluiceError): Notice {
  const message = `${effectText(effect)}: ${error.message}`;
  switch (effect.kind) {
    case 'setTraffic':
      return { type: 'Warning', reason: 'TrafficRoutingError', message };
    case 'createReplicaSet':
      return { type: 'Warning', reason: 'ReplicaSetCreateError', message };
    default:
      return { type: 'Warning', reason: 'ReconciliationError', message };
  }
}
