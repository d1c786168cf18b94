import { resourceTypes } from '../api/resource-types.ts';
import { fieldManager, type PerformContext } from './perform-context.ts';

/**
 * Writes a change of the status (a merge patch), if there is any, on the condition that the Rollout is still the one
 * that was decided about.
 */
export async function writeStatus(
  context: PerformContext,
  status: object | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (status === undefined) return;
  const { cluster, caches, namespace, name, resourceVersion } = context;
  const answer = await cluster.patch(
    { type: resourceTypes.rollout, namespace, name },
    { kind: 'merge', body: { metadata: { resourceVersion }, status } },
    { fieldManager, subresource: 'status' },
    { signal },
  );
  context.resourceVersion = answer.metadata.resourceVersion ?? resourceVersion;
  caches.rollouts.remember(answer);
}
