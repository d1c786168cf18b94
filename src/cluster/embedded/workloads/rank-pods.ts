import { parseInstant } from '../../../base/instant.ts';
import { isPodReady, podReadySince } from './pod-facts.ts';
import type { Pod } from './shapes.ts';

/**
 * Orders pods so that those come first which a ReplicaSet gives up first. The order is the one of Kubernetes'
 * controller: not bound to a node before bound, pending before unknown before running, not ready before ready, lower
 * `controller.kubernetes.io/pod-deletion-cost` first, then ready for a shorter time, more restarts, younger. Times are
 * compared by the order of magnitude of their age (base 2); within one, the uid decides. The number of related pods on
 * the same node is left out: the embedded cluster has one node.
 */
export function rankPodsForDeletion(pods: readonly Pod[], nowMs: number): readonly Pod[] {
  return pods.toSorted((left, right) => {
    for (const compare of comparisons) {
      const difference = compare(left, right, nowMs);
      if (difference !== 0) return difference;
    }
    return compareText(left.metadata.uid ?? '', right.metadata.uid ?? '');
  });
}

type Comparison = (left: Pod, right: Pod, nowMs: number) => number;

const comparisons: readonly Comparison[] = [
  (left, right) => Number(isBound(left)) - Number(isBound(right)),
  (left, right) => phaseRank(left) - phaseRank(right),
  (left, right) => Number(isPodReady(left)) - Number(isPodReady(right)),
  (left, right) => deletionCost(left) - deletionCost(right),
  (left, right, nowMs) => compareAges(left, right, podReadySince, nowMs),
  (left, right) => restartCount(right) - restartCount(left),
  (left, right, nowMs) => compareAges(left, right, createdAt, nowMs),
];

function isBound(pod: Pod): boolean {
  return (pod.spec?.nodeName ?? '') !== '';
}

function phaseRank(pod: Pod): number {
  return { Pending: 0, Unknown: 1, Running: 2, Succeeded: 3, Failed: 3 }[pod.status?.phase ?? 'Pending'];
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? '0';
  return /^-?\d+$/.test(text) ? Number(text) : 0;
}

function restartCount(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount));
}

function createdAt(pod: Pod): number | undefined {
  return parseInstant(pod.metadata.creationTimestamp ?? '');
}

/** Younger first, by the order of magnitude of the age, then by uid; an unknown time counts as just now. */
function compareAges(left: Pod, right: Pod, timeOf: (pod: Pod) => number | undefined, nowMs: number): number {
  const [leftMs, rightMs] = [timeOf(left), timeOf(right)];
  if (leftMs === rightMs) return 0;
  if (leftMs === undefined) return -1;
  if (rightMs === undefined) return 1;
  const difference = magnitude(nowMs - leftMs) - magnitude(nowMs - rightMs);
  return difference === 0 ? compareText(left.metadata.uid ?? '', right.metadata.uid ?? '') : difference;
}

function magnitude(ageMs: number): number {
  return ageMs <= 0 ? -1 : Math.floor(Math.log2(ageMs * 1e6));
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
