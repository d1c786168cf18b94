import { numberOf, recordOf } from '../../api/json-access.ts';
import { podsNeeded } from './capacity.ts';
import { PerRollout, type Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { selectorChange } from './written-by.ts';

/** For at least so long stable must have lacked pods before anybody but stable may take users over. */
const shortageMs = 10_000;

/**
 * I21: users of one revision are not handed to another by a Service that is turned under them. There is one way out of
 * what would else contradict L4, that a good revision can replace a broken one: where stable has lacked pods for long,
 * a raise of its share would break I03, so the revision that was replaced keeps users for ever. Then the new one may
 * take them over, if its step allows it that share and it has the pods for it.
 */
export function supersede(): Invariant {
  const shortages = new PerRollout((): { sinceMs: number | undefined } => ({ sinceMs: undefined }));
  return {
    id: 'I21',
    rule: 'a side has no traffic, in routes and proxies, when its Service moves to another revision',
    onCommit(commit, picture) {
      const shortage = shortages.of(picture);
      shortage.sinceMs = lacksPods(picture) ? (shortage.sinceMs ?? picture.nowMs) : undefined;
      const change = selectorChange(commit);
      const share = change === undefined ? 0 : movedShare(picture, change);
      if (change === undefined || share === 0) return undefined;
      const isShort = picture.nowMs - (shortage.sinceMs ?? picture.nowMs) >= shortageMs;
      const isTakenOver = change.service === picture.canaryService && isShort && mayHave(picture, change.to, share);
      return isTakenOver
        ? undefined
        : `${change.service} moves from ${change.from} to ${change.to} with a share of ${share}`;
    },
  };
}

/** Largest share of the users that a Service which moves from one revision to another takes along. */
function movedShare(picture: RolloutPicture, change: NonNullable<ReturnType<typeof selectorChange>>): number {
  const { service, from, to } = change;
  // A Service that leads to nobody serves nobody.
  const serves = from !== '' && to !== '' && (picture.setOf(from)?.available ?? 0) > 0;
  if (!serves || !picture.isRouted) return 0;
  return service === picture.canaryService
    ? Math.max(picture.canaryWeight, picture.proxiedCanaryWeight)
    : Math.max(picture.weightMax - picture.canaryWeight, picture.proxiedStableWeight);
}

function lacksPods(picture: RolloutPicture): boolean {
  return (picture.setOf(picture.stableHash)?.available ?? 0) < picture.podsFor(picture.weightMax);
}

/** The revision that is on its way may have this share at its step, and can carry it. */
function mayHave(picture: RolloutPicture, hash: string, share: number): boolean {
  const { currentHash, status, steps, stepIndex, weightMax } = picture;
  const step = steps.slice(0, stepIndex + 1).findLast(({ setWeight }) => setWeight !== undefined) ?? {};
  const isAllowed = status['promoteFull'] === true || stepIndex >= steps.length;
  const allowed = isAllowed ? weightMax : (numberOf(recordOf(step)['setWeight']) ?? 0);
  const set = picture.setOf(hash);
  return hash === currentHash && share <= allowed && (set?.available ?? 0) >= podsNeeded(picture, set, share);
}
