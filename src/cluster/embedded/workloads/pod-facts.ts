import { parseInstant } from '../../../base/instant.ts';
import { conditionOf, type Pod } from './shapes.ts';

/** The pod can serve: its Ready condition is True. */
export function isPodReady(pod: Pod): boolean {
  return conditionOf(pod.status?.conditions, 'Ready')?.status === 'True';
}

/** Since when the pod is ready, in milliseconds since the epoch; undefined while it is not. */
export function podReadySince(pod: Pod): number | undefined {
  const ready = conditionOf(pod.status?.conditions, 'Ready');
  return ready?.status === 'True' ? parseInstant(ready.lastTransitionTime ?? '') : undefined;
}

/** When the pod becomes available: ready for `minReadySeconds` without a break. Undefined while it is not ready. */
export function podAvailableAt(pod: Pod, minReadySeconds: number): number | undefined {
  const since = podReadySince(pod);
  if (since !== undefined) return since + minReadySeconds * 1000;
  return isPodReady(pod) ? 0 : undefined;
}

/** The pod has come to its end and will never run again. */
export function isPodFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** The pod is being deleted. */
export function isPodTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** The pod counts as a replica: neither finished nor being deleted. */
export function isPodActive(pod: Pod): boolean {
  return !isPodFinished(pod) && !isPodTerminating(pod);
}
