import { resourceTypes } from '../api/resource-types.ts';
import { hasCode } from '../base/error.ts';
import type { Notice } from '../engine/decision.ts';
import { subjectOf, type ReconcileTools } from './reconcile.ts';
import type { ObservedRollout } from './rollout-projector.ts';

/** Tells that a Rollout is deleted. One that is no longer ours is not, so it is looked for first. */
export async function tellDeletion(
  gone: ObservedRollout,
  { cluster, events, notifier }: Pick<ReconcileTools, 'cluster' | 'events' | 'notifier'>,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name, uid } = gone;
  const found = await cluster.get({ type: resourceTypes.rollout, namespace, name }, { signal }).catch((error) => {
    if (hasCode(error, 'NotFound')) return undefined;
    throw error;
  });
  if (found?.metadata.uid === uid) return;
  const notice: Notice = {
    type: 'Normal',
    reason: 'RolloutDeleted',
    message: `Rollout ${name}/${namespace} is deleted.`,
  };
  events.emit(subjectOf(gone), [notice], 'deleted');
  notifier?.tell({ rollout: gone, notices: [notice] });
}
