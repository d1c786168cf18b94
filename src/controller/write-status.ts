import { mergeDiff } from '../api/merge-diff.ts';
import { resourceTypes } from '../api/resource-types.ts';
import type { RolloutStatus } from '../api/rollout.ts';
import { fieldManager, type PerformContext } from './perform-context.ts';

/**
 * Writes what differs between two statuses, if anything does, on the condition that the Rollout is still the one that
 * was decided about. Fields that are in neither are not touched. Answers whether something was written.
 */
export async function writeStatus(
  context: PerformContext,
  stored: RolloutStatus,
  next: RolloutStatus,
  signal: AbortSignal,
): Promise<boolean> {
  const status = mergeDiff(stored, next);
  if (status === undefined) return false;
  const { cluster, caches, namespace, name, resourceVersion } = context;
  const answer = await cluster.patch(
    { type: resourceTypes.rollout, namespace, name },
    { kind: 'merge', body: { metadata: { resourceVersion }, status } },
    { fieldManager, subresource: 'status' },
    { signal },
  );
  context.resourceVersion = answer.metadata.resourceVersion ?? resourceVersion;
  caches.rollouts.remember(answer);
  return true;
}
