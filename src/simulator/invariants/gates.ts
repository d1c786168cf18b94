import { numberOf, recordOf, textOf } from '../../api/json-access.ts';
import { pauseDuration } from '../../api/pause-duration.ts';
import type { Commit } from '../ledger.ts';
import { PerRollout, type Invariant } from './invariant.ts';
import { hasPassedExperiment, hasPassedRun } from './passed-runs.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { isGivenBack, selectorChange, statusChange } from './written-by.ts';

interface Approvals {
  /** Revision and step that they belong to. */
  place: string;
  /** Revision and attempt, and when that began in the time of the simulation. */
  attempt: string;
  attemptSinceMs: number;
  /** When the pause in force began to be stored; undefined while there is none. */
  pausedSinceMs: number | undefined;
  /** A person lifted a pause or moved the step on here. */
  isApproved: boolean;
  /** It goes back to a revision that its users knew and that still ran when it began. */
  isFastTrack: boolean;
  /** Every revision that was stable so far. */
  readonly promoted: Set<string>;
}

/** I13: no step is left, and nothing is promoted, past a gate. */
export function gates(toleranceMs: number): Invariant {
  const approvals = new PerRollout((): Approvals => ({
    place: '',
    attempt: '',
    attemptSinceMs: 0,
    pausedSinceMs: undefined,
    isApproved: false,
    isFastTrack: false,
    promoted: new Set(),
  }));
  return {
    id: 'I13',
    rule: 'a step is left only with its pause over, an approval, its share in force or real evidence',
    onCommit(commit, picture) {
      const state = approvals.of(picture);
      const switched = switchedPastGate(commit, picture, state, toleranceMs);
      const change = statusChange(commit);
      if (change === undefined) return switched;
      const before = { ...state };
      follow(state, change, picture);
      if (!change.byController) return undefined;
      return (
        begun(change, picture) ?? leftStep(change, picture, before, toleranceMs) ?? promoted(change, picture, before)
      );
    },
  };
}

type Change = NonNullable<ReturnType<typeof statusChange>>;

function follow(state: Approvals, { before, after, byController }: Change, picture: RolloutPicture): void {
  const place = `${textOf(after['currentPodHash'])}/${numberOf(after['currentStepIndex']) ?? ''}`;
  const [was, is] = [isPaused(before), isPaused(after)];
  const attempt = `${textOf(after['currentPodHash'])}/${after['abort'] === true}`;
  if (attempt !== state.attempt) Object.assign(state, { attempt, attemptSinceMs: picture.nowMs });
  if (byController) {
    const isFastTrack = stillRuns(picture, state);
    if (place !== state.place) {
      Object.assign(state, { place, isApproved: false, isFastTrack, pausedSinceMs: undefined });
    }
  } else if ((was && !is) || before['currentStepIndex'] !== after['currentStepIndex']) {
    Object.assign(state, { place, isApproved: true, pausedSinceMs: undefined });
  }
  if (is) state.pausedSinceMs ??= picture.nowMs;
  if (picture.stableHash !== '') state.promoted.add(picture.stableHash);
}

function isPaused(status: Readonly<Record<string, unknown>>): boolean {
  const { pauseConditions } = status;
  return Array.isArray(pauseConditions) && pauseConditions.length > 0;
}

/** An update begins at its first step, unless it goes back to stable or within the rollback window. */
function begun({ before, after }: Change, picture: RolloutPicture): string | undefined {
  const [from, to] = [textOf(before['currentPodHash']), textOf(after['currentPodHash'])];
  const index = numberOf(after['currentStepIndex']) ?? 0;
  if (from === to || from === '' || index === 0) return undefined;
  const isBack = to === picture.stableHash || picture.spec['rollbackWindow'] !== undefined;
  return isBack || picture.stableHash === '' ? undefined : `the update to ${to} begins at step ${index}`;
}

/** The controller moved the step index on. */
function leftStep(change: Change, picture: RolloutPicture, state: Approvals, toleranceMs: number): string | undefined {
  const { before, after } = change;
  const [from, to] = [numberOf(before['currentStepIndex']), numberOf(after['currentStepIndex'])];
  if (before['currentPodHash'] !== after['currentPodHash'] || from === undefined || to === undefined) return undefined;
  if (to <= from || before['promoteFull'] === true || after['currentStepHash'] !== before['currentStepHash'])
    return undefined;
  if (to > from + 1) return `steps ${from} to ${to} are passed at once`;
  const problem = unmet(picture.steps[from] ?? {}, from, picture, state, toleranceMs);
  return problem === undefined ? undefined : `step ${from} is left: ${problem}`;
}

function unmet(
  step: Readonly<Record<string, unknown>>,
  index: number,
  picture: RolloutPicture,
  state: Approvals,
  toleranceMs: number,
): string | undefined {
  if (step['pause'] !== undefined) return pauseNotOver(recordOf(step['pause']), picture, state, toleranceMs);
  if (step['analysis'] !== undefined) {
    return state.isApproved || hasPassedRun(picture, 'Step', index) ? undefined : 'its analysis has not passed';
  }
  if (step['experiment'] !== undefined) {
    return state.isApproved || hasPassedExperiment(picture, index, state.attemptSinceMs)
      ? undefined
      : 'its Experiment has not passed';
  }
  return shareNotInForce(step, picture);
}

function shareNotInForce(step: Readonly<Record<string, unknown>>, picture: RolloutPicture): string | undefined {
  const weight = numberOf(step['setWeight']);
  if (weight === undefined || !picture.isRouted || picture.replicas === 0) return undefined;
  if (picture.canaryWeight !== weight) return `the canary's share is ${picture.canaryWeight}, not ${weight}`;
  const other = picture.weightsOfProxies.find(({ canary }) => canary !== weight);
  return other === undefined ? undefined : `a proxy still gives the canary ${other.canary}, not ${weight}`;
}

function pauseNotOver(
  pause: Readonly<Record<string, unknown>>,
  { nowMs }: RolloutPicture,
  { isApproved, pausedSinceMs }: Approvals,
  toleranceMs: number,
): string | undefined {
  if (isApproved) return undefined;
  const duration = pauseDuration({ duration: pause['duration'] as string | number });
  if (pause['duration'] === undefined || duration.kind !== 'seconds') return 'nobody has ended its pause';
  if (pausedSinceMs === undefined) return 'it has not paused at all';
  const leftMs = pausedSinceMs + duration.seconds * 1000 - nowMs;
  return leftMs <= toleranceMs ? undefined : `its pause has ${leftMs} ms left`;
}

/** The current revision became stable. */
function promoted({ before, after }: Change, picture: RolloutPicture, state: Approvals): string | undefined {
  const [from, to] = [textOf(before['stableRS']), textOf(after['stableRS'])];
  if (from === to || from === '' || before['promoteFull'] === true) return undefined;
  if (picture.blueGreen !== undefined) return promotedBlueGreen(picture, state);
  const index = numberOf(before['currentStepIndex']) ?? picture.steps.length;
  if (index < picture.steps.length) return `promoted at step ${index} of ${picture.steps.length}`;
  if (!picture.isRouted || picture.replicas === 0) return undefined;
  return picture.isGivenAll(to) ? undefined : `promoted while not every proxy gives it all ${picture.weightMax}`;
}

function promotedBlueGreen(picture: RolloutPicture, state: Approvals): string | undefined {
  const strategy = picture.blueGreen ?? {};
  if (strategy['postPromotionAnalysis'] === undefined || state.isApproved) return undefined;
  if (state.isFastTrack || hasWindow(picture)) return undefined;
  return hasPassedRun(picture, 'PostPromotion') ? undefined : 'promoted without its analysis after the switch';
}

/** Users of a blue/green Rollout are switched to the new revision. */
function switchedPastGate(
  commit: Commit,
  picture: RolloutPicture,
  state: Approvals,
  toleranceMs: number,
): string | undefined {
  const change = selectorChange(commit);
  const strategy = picture.blueGreen;
  if (strategy === undefined || change === undefined || change.service !== strategy['activeService']) return undefined;
  const isFree = picture.status['promoteFull'] === true || state.isFastTrack || hasWindow(picture) || state.isApproved;
  return isFree || !isForward(change, picture) || isGivenBack(commit, picture)
    ? undefined
    : closedGate(strategy, picture, state, toleranceMs);
}

/** Away from stable. Users of a Service that leads to all revisions are led to whichever can answer. */
function isForward({ from, to }: NonNullable<ReturnType<typeof selectorChange>>, picture: RolloutPicture): boolean {
  const { stableHash } = picture;
  const isLost = from === '' && (picture.setOf(stableHash)?.available ?? 0) === 0;
  return stableHash !== '' && to !== stableHash && !isLost;
}

function closedGate(
  strategy: Readonly<Record<string, unknown>>,
  picture: RolloutPicture,
  { pausedSinceMs }: Approvals,
  toleranceMs: number,
): string | undefined {
  if (strategy['prePromotionAnalysis'] !== undefined && !hasPassedRun(picture, 'PrePromotion')) {
    return 'users are switched before the analysis has passed';
  }
  const seconds = numberOf(strategy['autoPromotionSeconds']) ?? 0;
  if (seconds <= 0) {
    return strategy['autoPromotionEnabled'] === false ? 'users are switched before anybody has promoted it' : undefined;
  }
  const leftMs = (pausedSinceMs ?? picture.nowMs) + seconds * 1000 - picture.nowMs;
  return leftMs <= toleranceMs ? undefined : `users are switched ${leftMs} ms too early`;
}

/** It was stable before and still waits for its scale-down; a preview that was replaced was never approved. */
function stillRuns(picture: RolloutPicture, { promoted }: Approvals): boolean {
  const { currentHash } = picture;
  const { deadlineMs = -Infinity } = picture.setOf(currentHash) ?? {};
  return promoted.has(currentHash) && deadlineMs > picture.nowMs;
}

/** Revisions within the window were asked to be gone back to without gates. */
function hasWindow({ spec }: RolloutPicture): boolean {
  return spec['rollbackWindow'] !== undefined;
}
