import { numberOf, recordOf } from '../../api/json-access.ts';
import { truncationMs } from '../virtual-clock.ts';
import { podsNeeded } from './capacity.ts';
import { carriedByStable } from './carried-by-stable.ts';
import { PerRollout, type Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { selectorChange } from './written-by.ts';

/** For so long stable must have been unable to carry a share before anybody but stable may take it over. */
const shortageMs = 10_000;
/** For so long, or for half the progress deadline, an update waits for stable to get its pods back. */
const patienceMs = 60_000;

interface Update {
  hash: string;
  sinceMs: number;
  /** What stable could carry lately, the newest last. */
  readonly carried: { readonly share: number; untilMs: number }[];
}

/**
 * I21: users of one revision are not handed to another by a Service that is turned under them. There is one way out of
 * what would else contradict L4, that a good revision can replace a broken one: a share that stable cannot carry would
 * keep its users on the revision that was replaced for ever, because to raise stable's share would break I03. The new
 * revision may take over that share and no more, and only
 *
 * - on the canary side, for the revision that is on its way,
 * - when its step allows it that share and it has the pods for it,
 * - when the update has waited for stable for a minute, or for half the progress deadline where that is less,
 * - when stable could carry none of that share throughout the last ten seconds.
 */
export function supersede(clockMs: number): Invariant {
  const updates = new PerRollout((): Update => ({ hash: '', sinceMs: 0, carried: [] }));
  return {
    id: 'I21',
    rule: 'a side has no traffic, in routes and proxies, when its Service moves to another revision',
    onCommit(commit, picture) {
      const update = updates.of(picture);
      follow(update, picture);
      const change = selectorChange(commit);
      const share = change === undefined ? 0 : movedShare(picture, change);
      if (change === undefined || share === 0) return undefined;
      const isTakenOver =
        change.service === picture.canaryService &&
        hasWaited(update, picture, clockMs) &&
        isBeyondStable(update, picture, share) &&
        mayHave(picture, change.to, share);
      return isTakenOver
        ? undefined
        : `${change.service} moves from ${change.from} to ${change.to} with a share of ${share}`;
    },
    onTime(picture) {
      follow(updates.of(picture), picture);
      return undefined;
    },
  };
}

function follow(update: Update, picture: RolloutPicture): void {
  const { currentHash, nowMs } = picture;
  if (update.hash !== currentHash) Object.assign(update, { hash: currentHash, sinceMs: nowMs });
  const { carried } = update;
  const share = carriedByStable(picture);
  const last = carried.at(-1);
  if (last?.share !== share) {
    if (last !== undefined) last.untilMs = nowMs;
    carried.push({ share, untilMs: Infinity });
  }
  while ((carried[0]?.untilMs ?? Infinity) <= nowMs - shortageMs) carried.shift();
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

function hasWaited({ sinceMs }: Update, { spec, nowMs }: RolloutPicture, clockMs: number): boolean {
  const deadlineMs = (numberOf(spec['progressDeadlineSeconds']) ?? 600) * 1000;
  return nowMs - sinceMs >= Math.min(patienceMs, deadlineMs / 2) - truncationMs - clockMs;
}

/** All the time lately stable could not have carried any of a share beside its own. */
function isBeyondStable({ carried }: Update, { weightMax }: RolloutPicture, share: number): boolean {
  return carried.every((lately) => lately.share <= weightMax - share);
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
