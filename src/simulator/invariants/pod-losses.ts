import { controllerUid } from '../../api/controller-owner.ts';
import { listOf, recordOf, textOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { parseInstant } from '../../base/instant.ts';
import type { Commit } from '../ledger.ts';
import { simulationStartMs } from '../virtual-clock.ts';

/**
 * Pods that stopped being available a moment ago without the controller's doing. What a controller decided before it
 * could hear of that is not held against it.
 */
export class PodLosses {
  readonly #graceMs: number;
  readonly #losses = new Map<string, number[]>();

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  take({ kind, object, previous, type, writer, atMs }: Commit): void {
    if (kind !== 'Pod' || previous === undefined || writer === 'sluice') return;
    const owner = controllerUid(object);
    if (owner === undefined || !isPodServing(previous)) return;
    if (type !== 'DELETED' && isPodServing(object)) return;
    this.#losses.set(owner, [...(this.#losses.get(owner) ?? []), atMs]);
  }

  /** How many pods of a ReplicaSet were lost within the grace time. */
  recent(owner: string, nowMs: number): number {
    const losses = this.#losses.get(owner);
    if (losses === undefined) return 0;
    const recent = losses.filter((atMs) => atMs >= nowMs - this.#graceMs);
    if (recent.length === 0) this.#losses.delete(owner);
    else this.#losses.set(owner, recent);
    return recent.length;
  }
}

/** Ready and not on its way out. */
export function isPodServing(pod: KubeObject): boolean {
  return pod.metadata.deletionTimestamp === undefined && readySince(pod) !== undefined;
}

/** Since when a pod is ready, in milliseconds since the simulation began. */
export function readySince(pod: KubeObject): number | undefined {
  const ready = listOf(recordOf(pod['status'])['conditions'])
    .map(recordOf)
    .find(({ type, status }) => type === 'Ready' && status === 'True');
  if (ready === undefined) return undefined;
  return (parseInstant(textOf(ready['lastTransitionTime'])) ?? simulationStartMs) - simulationStartMs;
}
