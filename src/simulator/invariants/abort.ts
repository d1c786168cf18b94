import { PerRollout, type Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { sizeChange, weightChange } from './written-by.ts';

interface AbortState {
  hash: string;
  sinceMs: number | undefined;
  /** Since when stable could carry everything. */
  capableSinceMs: number | undefined;
}

/** I10: after an abort users leave the revision, without turning back, within a bound. */
export function abortBound(boundMs: number): Invariant {
  const states = new PerRollout((): AbortState => ({ hash: '', sinceMs: undefined, capableSinceMs: undefined }));
  return {
    id: 'I10',
    rule: `after an abort the canary's share never grows, and is 0 within ${boundMs / 1000} s once stable can carry all`,
    onCommit(commit, picture) {
      follow(states.of(picture), picture);
      const change = weightChange(commit, picture);
      const grows = change !== undefined && change.after.canary > change.before.canary;
      // A raise that was on its way when the abort came is taken back, but cannot be called back.
      const wasSent = (commit.call?.atMs ?? Infinity) <= (states.of(picture).sinceMs ?? -Infinity);
      return picture.isAborted && grows && !wasSent
        ? `the canary is raised to ${change.after.canary} after an abort`
        : undefined;
    },
    onTime(picture) {
      const state = states.of(picture);
      follow(state, picture);
      if (state.sinceMs === undefined || state.capableSinceMs === undefined) return undefined;
      const waitedMs = picture.nowMs - Math.max(state.sinceMs, state.capableSinceMs);
      const share = Math.max(picture.weightOf(state.hash), picture.proxiedWeightOf(state.hash));
      return waitedMs > boundMs && share > 0 ? `${state.hash} still has ${share} after ${waitedMs} ms` : undefined;
    },
  };
}

function follow(state: AbortState, picture: RolloutPicture): void {
  const isGoingBack = picture.isAborted && picture.stableHash !== '' && picture.currentHash !== picture.stableHash;
  if (!isGoingBack || state.hash !== picture.currentHash) state.sinceMs = undefined;
  if (!isGoingBack) return;
  state.hash = picture.currentHash;
  state.sinceMs ??= picture.nowMs;
  const available = picture.setOf(picture.stableHash)?.available ?? 0;
  const isCapable = available >= Math.max(1, picture.replicas - picture.maxUnavailable);
  state.capableSinceMs = isCapable ? (state.capableSinceMs ?? picture.nowMs) : undefined;
}

/** I11: an abort takes nothing away from stable, and does nothing when nothing is in progress. */
export function harmlessAbort(): Invariant {
  return {
    id: 'I11',
    rule: 'an abort never scales stable down, and is a no-op when nothing is in progress',
    onCommit(commit, picture) {
      if (!picture.isAborted) return undefined;
      const size = sizeChange(commit);
      if (size !== undefined && size.hash === picture.stableHash && size.to < size.from) {
        const { least } = picture.replicasLately;
        return size.to >= least ? undefined : `stable is scaled down to ${size.to} after an abort`;
      }
      if (picture.currentHash !== picture.stableHash || commit.writer !== 'sluice') return undefined;
      // The delay of an older revision may end at any time.
      const isAct = ['Service', 'HTTPRoute'].includes(commit.kind) || size?.hash === picture.stableHash;
      return isAct ? `an abort without anything in progress changes ${commit.kind} ${commit.name}` : undefined;
    },
  };
}
