import { numberOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { parseInstant } from '../../base/instant.ts';
import { simulationStartMs } from '../virtual-clock.ts';
import type { Invariant } from './invariant.ts';
import { isPodServing } from './pod-losses.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { sizeChange } from './written-by.ts';

/** I08: a revision loses its pods only when nothing leads to it any more and its delay is over. */
export function scaleDown(skewMs: number): Invariant {
  return {
    id: 'I08',
    rule: 'a revision is scaled down only when no router or Service leads to it and its delay is over',
    onCommit(commit, picture) {
      const size = sizeChange(commit);
      if (size === undefined || size.to >= size.from || size.hash === picture.stableHash) return undefined;
      if (!picture.isRouted && picture.blueGreen === undefined) return undefined;
      if (!takesServing(picture, size)) return undefined;
      return isInUse(picture, size.hash)
        ? shrunkInUse(picture, size)
        : (stillLed(picture, size.hash) ?? tooEarly(picture, size, commit.previous, skewMs));
    },
  };
}

/** Pods that do not answer are of no use to anybody. */
function takesServing({ scene }: RolloutPicture, { uid, to }: Size): boolean {
  let serving = 0;
  for (const pod of scene.ledger.ownedBy('Pod', uid)) if (isPodServing(pod)) serving += 1;
  return serving > to;
}

type Size = NonNullable<ReturnType<typeof sizeChange>>;

/**
 * The revision that is on its way and was not aborted: its steps may ask for fewer pods. With dynamicStableScale an
 * aborted one shrinks as its users leave.
 */
function isInUse(picture: RolloutPicture, hash: string): boolean {
  return hash === picture.currentHash && (!picture.isAborted || picture.isDynamic);
}

function shrunkInUse(picture: RolloutPicture, { hash, to }: Size): string | undefined {
  const weight = Math.max(picture.proxiedWeightOf(hash), picture.weightOf(hash));
  const needed = picture.podsFor(weight);
  return to >= Math.min(needed, 1) && (to >= needed || asksForFewer(picture))
    ? undefined
    : `${hash} is scaled down to ${to} with a share of ${weight}; it needs ${needed}`;
}

function asksForFewer({ steps, stepIndex }: RolloutPicture): boolean {
  return steps.slice(0, stepIndex + 1).some((step) => step['setCanaryScale'] !== undefined);
}

function stillLed(picture: RolloutPicture, hash: string): string | undefined {
  if (picture.weightOf(hash) > 0) return `${hash} is scaled down while a route or Service leads to it`;
  return picture.proxiedWeightOf(hash) > 0
    ? `${hash} is scaled down while proxies still send requests to it`
    : undefined;
}

/** The delay that counts is on the ReplicaSet as it was before the write. */
function tooEarly(
  picture: RolloutPicture,
  { hash }: Size,
  previous: KubeObject | undefined,
  skewMs: number,
): string | undefined {
  const delaySeconds = delayOf(picture, hash);
  if (delaySeconds === 0 || isBeyondLimit(picture)) return undefined;
  if (delaySeconds === undefined) return `${hash} was aborted and is to keep its pods`;
  const deadline = parseInstant(previous?.metadata.annotations?.['scale-down-deadline'] ?? '');
  if (deadline === undefined) return `${hash} is scaled down without a delay; ${delaySeconds} s are asked for`;
  const leftMs = deadline - simulationStartMs - picture.nowMs;
  return leftMs <= skewMs ? undefined : `${hash} is scaled down ${leftMs} ms before its delay is over`;
}

/** Seconds; undefined means never. */
function delayOf(picture: RolloutPicture, hash: string): number | undefined {
  const strategy = picture.blueGreen ?? picture.canary;
  if (hash === picture.currentHash) {
    const seconds = numberOf(strategy['abortScaleDownDelaySeconds']);
    if (seconds === undefined) return picture.isDynamic ? 0 : 30;
    return seconds === 0 ? undefined : seconds;
  }
  return picture.isDynamic ? 0 : (numberOf(strategy['scaleDownDelaySeconds']) ?? 30);
}

function isBeyondLimit(picture: RolloutPicture): boolean {
  const limit = numberOf((picture.blueGreen ?? picture.canary)['scaleDownDelayRevisionLimit']);
  return limit !== undefined && picture.sets.filter(({ deadlineMs }) => deadlineMs !== undefined).length >= limit;
}
