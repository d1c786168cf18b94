import { podMetadataAnnotation, podMetadataText, type PodMetadata } from '../api/pod-metadata.ts';
import { resourceTypes } from '../api/resource-types.ts';
import { hasCode } from '../base/error.ts';
import type { Effect } from '../engine/decision.ts';
import { fieldManager, type PerformContext } from './perform-context.ts';

/** Pods that are written at the same time. */
const podsAtOnce = 10;

/**
 * Gives a ReplicaSet's pods other labels and annotations. First its template, so that the API server refuses what does
 * not fit the selector before any pod loses its owner, and so that no new pod has the old ones; then the live pods; at
 * last the note of what was added, so that what was not finished is done again.
 */
export async function writePodMetadata(
  { name, previous, metadata }: Extract<Effect, { kind: 'setPodMetadata' }>,
  context: PerformContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { caches, cluster, namespace } = context;
  const at = { type: resourceTypes.replicaSet, namespace, name };
  const change = changeOf(previous, metadata);
  const patch = async (body: object): Promise<string | undefined> => {
    const answer = await cluster.patch(at, { kind: 'merge', body }, { fieldManager }, { signal });
    caches.replicaSets.remember(answer);
    return answer.metadata.resourceVersion;
  };
  await patch({ spec: { template: { metadata: change } } });
  const uid = caches.replicaSets.get(namespace, name)?.uid ?? '';
  const pods = caches.pods.ownedBy(uid).filter(({ deleting }) => !deleting);
  for (let index = 0; index < pods.length; index += podsAtOnce) {
    const batch = pods.slice(index, index + podsAtOnce);
    await Promise.all(batch.map((pod) => patchPod(pod.name, change, context, signal)));
  }
  const note = podMetadataText(metadata);
  return patch({ metadata: { annotations: { [podMetadataAnnotation]: note === '' ? null : note } } });
}

async function patchPod(name: string, change: object, context: PerformContext, signal: AbortSignal): Promise<void> {
  const { caches, cluster, namespace } = context;
  const at = { type: resourceTypes.pod, namespace, name };
  try {
    const body = { metadata: change };
    caches.pods.remember(await cluster.patch(at, { kind: 'merge', body }, { fieldManager }, { signal }));
  } catch (error) {
    // A pod that is gone needs nothing any more.
    if (!hasCode(error, 'NotFound')) throw error;
  }
}

/** What was added and is not wanted goes, what is wanted comes. */
function changeOf(previous: PodMetadata, next: PodMetadata): Record<keyof PodMetadata, object> {
  const changed = (part: keyof PodMetadata): object => ({
    ...Object.fromEntries(Object.keys(previous[part]).map((key) => [key, null])),
    ...next[part],
  });
  return { labels: changed('labels'), annotations: changed('annotations') };
}
