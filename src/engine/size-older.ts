import { scaleDownDeadlineMs, scaleDownDelaySeconds, scaleDownRevisionLimit } from '../api/scale-down-delay.ts';
import { isRouted } from './canary-counts.ts';
import { spareReplicas } from './compose-sizing.ts';
import {
  emptyStage,
  resize,
  type DeadlineChange,
  type SizedReplicaSet,
  type SizingInput,
  type SizingStage,
} from './sizing.ts';

/** Sizes of the older ReplicaSets by name, where they change. */
type Sizes = ReadonlyMap<string, number>;

/**
 * Takes the pods of older revisions away. Pods that do not answer go first. The others go from the newest revision on,
 * as long as enough available pods remain in all: without a router at once, for they still get traffic; with one after
 * their scale-down delay, unless something still leads to them.
 */
export function sizeOlder(input: SizingInput): SizingStage {
  const active = input.olderReplicaSets.filter(({ specReplicas }) => specReplicas > 0);
  if (active.length === 0) return emptyStage;
  const unsettled = active.some(({ availableReplicas, specReplicas }) => availableReplicas > specReplicas);
  const healthy = removeUnanswering(input, active);
  const spare = unsettled ? 0 : spareReplicas(input);
  if (spare <= 0) return stageOf(active, healthy, []);

  const newestFirst = active.toSorted(
    (left, right) => right.revision - left.revision || right.createdAt - left.createdAt,
  );
  if (!isRouted(input)) return stageOf(active, drain(newestFirst, healthy, spare), []);
  const unreferenced = newestFirst.filter(({ hash }) => !input.referencedHashes.has(hash));
  const { kept, deadlines } = delay(input, unreferenced, healthy);
  return stageOf(active, drain(unreferenced, healthy, spare, kept), deadlines);
}

/**
 * Older pods that are not available, oldest revision first. A ReplicaSet that still has more available pods than it
 * should is in the middle of a change; it and those after it wait until that is done.
 */
function removeUnanswering(input: SizingInput, active: readonly SizedReplicaSet[]): Sizes {
  const sizes = new Map<string, number>();
  for (const replicaSet of active.toSorted(byAge)) {
    const { name, specReplicas, availableReplicas } = replicaSet;
    if (availableReplicas > specReplicas) break;
    if (!isRouted(input) || !isWaiting(input, replicaSet)) sizes.set(name, availableReplicas);
  }
  return sizes;
}

/** Something leads to it, or its delay goes on: a pod that was restarted answers again soon. */
function isWaiting({ referencedHashes, now }: SizingInput, { hash, scaleDownAt = now }: SizedReplicaSet): boolean {
  return referencedHashes.has(hash) || scaleDownAt > now;
}

function byAge(left: SizedReplicaSet, right: SizedReplicaSet): number {
  return left.createdAt - right.createdAt;
}

/** Takes at most `spare` pods in all; a ReplicaSet in `kept` keeps that many. */
function drain(order: readonly SizedReplicaSet[], healthy: Sizes, spare: number, kept: Sizes = new Map()): Sizes {
  const sizes = new Map(healthy);
  let left = spare;
  for (const { name, specReplicas } of order) {
    const now = sizes.get(name) ?? specReplicas;
    const to = Math.max(kept.get(name) ?? 0, now - left, 0);
    left -= Math.max(now - to, 0);
    sizes.set(name, Math.min(to, now));
  }
  return sizes;
}

/**
 * Which older ReplicaSets of a routed canary keep their pods, and the deadlines they get. With dynamicStableScale their
 * pods were not counted on any more when traffic left them, so they go at once. No more than
 * scaleDownDelayRevisionLimit revisions wait; one whose deadline is over goes.
 */
function delay(
  input: SizingInput,
  newestFirst: readonly SizedReplicaSet[],
  healthy: Sizes,
): { readonly kept: Sizes; readonly deadlines: readonly DeadlineChange[] } {
  const { strategy } = input.spec;
  if (strategy?.canary?.dynamicStableScale === true) return { kept: new Map(), deadlines: [] };
  const answering = newestFirst.filter(({ name, specReplicas }) => (healthy.get(name) ?? specReplicas) > 0);
  const waiting = answering.slice(0, Math.max(scaleDownRevisionLimit(strategy), 0));
  const delaySeconds = scaleDownDelaySeconds(strategy);
  const fullyPromoted = input.status.stableRS === input.status.currentPodHash;
  const undated = waiting.filter(({ scaleDownAt }) => scaleDownAt === undefined);
  // Without a delay a promoted Rollout keeps its former stable revision, as it is published; one in between goes.
  const keptUndated = delaySeconds === 0 && !fullyPromoted ? [] : undated;
  const pending = waiting.filter(({ scaleDownAt }) => scaleDownAt !== undefined && scaleDownAt > input.now);
  return {
    kept: new Map([...keptUndated, ...pending].map(({ name, specReplicas }) => [name, specReplicas])),
    deadlines:
      delaySeconds === 0
        ? []
        : undated.map(({ name }) => ({ name, scaleDownAt: scaleDownDeadlineMs(input.now, delaySeconds) })),
  };
}

function stageOf(active: readonly SizedReplicaSet[], sizes: Sizes, deadlines: readonly DeadlineChange[]): SizingStage {
  return {
    sizes: active.flatMap((replicaSet) => {
      const to = sizes.get(replicaSet.name) ?? replicaSet.specReplicas;
      return resize(replicaSet, to, to === 0);
    }),
    deadlines,
  };
}
