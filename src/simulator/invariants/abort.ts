import type { Commit } from '../ledger.ts';
import { carriedByStable } from './carried-by-stable.ts';
import { PerRollout, type Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { sizeChange, weightChange } from './written-by.ts';

interface AbortState {
  hash: string;
  sinceMs: number | undefined;
  /** Since when the revision has had more than stable leaves it to carry. */
  excessSinceMs: number | undefined;
}

/** I10: after an abort users leave the revision, without turning back, as far and as fast as stable can carry them. */
export function abortBound(boundMs: number, newsMs: number): Invariant {
  const states = new PerRollout((): AbortState => ({ hash: '', sinceMs: undefined, excessSinceMs: undefined }));
  return {
    id: 'I10',
    rule: `after an abort the canary's share never grows, and within ${boundMs / 1000} s is what stable cannot carry`,
    onCommit(commit, picture) {
      follow(states.of(picture), picture);
      const change = weightChange(commit, picture);
      const grows = change !== undefined && change.after.canary > change.before.canary;
      return picture.isAborted && grows && !wasOnItsWay(commit, states.of(picture), newsMs)
        ? `the canary is raised to ${change.after.canary} after an abort`
        : undefined;
    },
    onTime(picture) {
      const state = states.of(picture);
      follow(state, picture);
      // Proxies whose gateway refuses the route cannot be told anything.
      const proxied = picture.isRefused ? 0 : picture.proxiedWeightOf(state.hash);
      const share = Math.max(picture.weightOf(state.hash), proxied);
      const isExcess = state.sinceMs !== undefined && share > picture.weightMax - carriedByStable(picture);
      state.excessSinceMs = isExcess ? (state.excessSinceMs ?? picture.nowMs) : undefined;
      const waitedMs = picture.nowMs - (state.excessSinceMs ?? picture.nowMs);
      return waitedMs > boundMs ? `${state.hash} still has ${share} after ${waitedMs} ms` : undefined;
    },
  };
}

/** What was sent before the abort could be heard of is taken back, but cannot be called back. */
function wasOnItsWay({ call }: Commit, { sinceMs = -Infinity }: Pick<AbortState, 'sinceMs'>, newsMs: number): boolean {
  return (call?.atMs ?? Infinity) <= sinceMs + newsMs;
}

function follow(state: AbortState, picture: RolloutPicture): void {
  const isGoingBack = picture.isAborted && picture.stableHash !== '' && picture.currentHash !== picture.stableHash;
  if (!isGoingBack || state.hash !== picture.currentHash) state.sinceMs = undefined;
  if (!isGoingBack) return;
  state.hash = picture.currentHash;
  state.sinceMs ??= picture.nowMs;
}

/** I11: an abort takes nothing away from stable, and does nothing when nothing is in progress. */
export function harmlessAbort(newsMs: number): Invariant {
  const aborts = new PerRollout((): Pick<AbortState, 'sinceMs'> => ({ sinceMs: undefined }));
  return {
    id: 'I11',
    rule: 'an abort never scales stable down, and is a no-op when nothing is in progress',
    onCommit(commit, picture) {
      const state = aborts.of(picture);
      state.sinceMs = picture.isAborted ? (state.sinceMs ?? picture.nowMs) : undefined;
      if (!picture.isAborted || commit.writer !== 'sluice' || wasOnItsWay(commit, state, newsMs)) return undefined;
      return stableShrunk(commit, picture) ?? acted(commit, picture);
    },
  };
}

function stableShrunk(commit: Commit, picture: RolloutPicture): string | undefined {
  const size = sizeChange(commit);
  const isShrunk = size !== undefined && size.hash === picture.stableHash && size.to < size.from;
  if (!isShrunk || size.to >= picture.replicasLately.least) return undefined;
  return `stable is scaled down to ${size.to} after an abort`;
}

/** Something changed although nothing was in progress. The delay of an older revision may end at any time. */
function acted({ kind, name }: Commit, { currentHash, stableHash }: RolloutPicture): string | undefined {
  const isAct = currentHash === stableHash && (kind === 'Service' || kind === 'HTTPRoute');
  return isAct ? `an abort without anything in progress changes ${kind} ${name}` : undefined;
}
