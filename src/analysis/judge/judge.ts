import { invariant } from '../../base/invariant.ts';
import { absoluteBet } from './absolute-bet.ts';
import type { BadEventKind, JudgeSettings } from './judge-settings.ts';
import {
  countTest,
  ratioClump,
  shareStakes,
  type CountTestName,
  type JudgeState,
  type KindState,
} from './judge-state.ts';
import { moveToRatio, moveToShare } from './kind-capital.ts';
import { kindEvidence, testEvidence } from './kind-evidence.ts';
import { enterGains } from './late-onset.ts';
import { betOnPods, type PodCount, type PodCounts } from './pod-bets.ts';
import { widenedRatio } from './pod-spread.ts';
import { promoteTestOf } from './promote-test.ts';
import { checkItself, clumpSeen } from './self-check.ts';
import { addIncrements, type Increment } from './sequential-test.ts';
import { wanderRatio, wanderVariance, watchWander } from './wander.ts';

/**
 * Canary requests without a single stable one after which the stable side counts as silent. By then even a canary that
 * gets 90 % of the traffic has a chance below 1 in 30,000 that the silence is luck.
 */
const canaryAloneMin = 100;

/**
 * One look at both sides, by kind of bad event. The state of a kind that could not be counted, and so is absent, stays.
 */
export type Look = Readonly<Record<string, KindLook>>;

export interface KindLook {
  readonly increment: Increment;
  /**
   * True when every stable pod answered with this count: only then does "no request" mean silence, not a missing
   * answer.
   */
  readonly stableRead: boolean;
  /**
   * The increment by pod. Without it single bad pods are not looked for, pods are not compared with each other, and
   * stable is not checked against itself, so that `auto` never uses the ratio test.
   */
  readonly pods?: { readonly canary: PodCounts; readonly stable: PodCounts };
}

/**
 * Takes one look into the account. Evidence for a rollback and evidence for a promotion are gathered side by side;
 * `assess` says what they amount to.
 *
 * Every increment must make sense (see `incrementProblem`); one that does not is refused before, with a reason.
 */
export function judge(settings: JudgeSettings, state: JudgeState, look: Look): JudgeState {
  const entries = settings.kinds.map((kind): [string, KindState] => {
    const before = state[kind.name];
    invariant(before !== undefined, `the state has an entry for the kind ${kind.name}`);
    const kindLook = look[kind.name];
    return [kind.name, kindLook === undefined ? before : judgeKind(settings, kind, before, kindLook)];
  });
  return Object.fromEntries(entries);
}

/**
 * What is bet in a look (margins, limits, which tests) is settled by `before`, the past alone, so that the product of
 * the looks stays a fair game.
 */
function judgeKind(settings: JudgeSettings, kind: BadEventKind, before: KindState, look: KindLook): KindState {
  const { increment, pods } = look;
  invariant(incrementProblem(increment, kind.unit) === undefined, `an increment of ${kind.name} makes sense`);
  const { alpha, ratio, looksPerOnset = 1 } = settings;
  const isBetting = before.capital.moved > 0;
  const clumpMax = ratioClump(settings, kind, before.check, isBetting);
  const next: KindState = {
    totals: addIncrements(before.totals, increment),
    looks: before.looks + 1,
    canaryAlone: canaryAlone(before, look),
    rollback: rollbackStates(settings, kind, before, look, clumpMax),
    pods: podBets(settings, kind, before, look),
    capital: before.capital,
    promote: promoteTestOf(settings, kind)?.update(before.promote, increment, clumpMax === 1) ?? before.promote,
    check:
      pods === undefined || kind.unit !== 'requests'
        ? before.check
        : checkItself(before.check, pods.stable, ratio, alpha),
    wander: kind.unit === 'requests' ? watchWander(before.wander, increment, looksPerOnset) : before.wander,
  };
  const willBet = ratioClump(settings, kind, next.check, isBetting) !== undefined;
  return willBet === isBetting ? next : divideAnew(settings, next, willBet);
}

/** What is known of clumps changed: the ratio test begins, or ends. */
function divideAnew(settings: JudgeSettings, state: KindState, usesRatio: boolean): KindState {
  const { ratio } = settings;
  const initial = countTest('ratio', ratio, settings).initial;
  const capital = usesRatio
    ? moveToRatio(state.capital, kindEvidence(settings, state))
    : moveToShare(state.capital, {
        share: testEvidence(settings, state, 'share'),
        ratio: testEvidence(settings, state, 'ratio'),
      });
  return { ...state, capital, rollback: { ...state.rollback, ratio: initial } };
}

function canaryAlone(before: KindState, { increment, stableRead }: KindLook): number {
  return increment.stableTotal > 0 || !stableRead ? 0 : before.canaryAlone + increment.canaryTotal;
}

/**
 * With stable traffic the sides are compared. Without, once the silence is certain *from the past alone*, the share bet
 * goes on against an absolute limit.
 */
function rollbackStates(
  settings: JudgeSettings,
  kind: BadEventKind,
  before: KindState,
  { increment, stableRead, pods }: KindLook,
  clumpMax: number | undefined,
): KindState['rollback'] {
  const limit = absoluteLimit(settings, kind, before);
  const isAbsolute = limit !== undefined && stableRead && increment.stableTotal === 0;
  const ratioMax = marginOf(settings, before, Object.keys(pods?.canary ?? {}).length);
  const next = (name: CountTestName): readonly number[] => {
    const state = before.rollback[name];
    // A difference of ratios is bounded only where a ratio is.
    const isOut = name === 'ratio' ? clumpMax === undefined : name === 'difference' && kind.unit !== 'requests';
    return isOut ? state : countTest(name, ratioMax, settings, clumpMax).update(state, increment);
  };
  const share = isAbsolute ? absoluteShare(settings, before.rollback.share, increment, limit) : next('share');
  return { share, difference: next('difference'), ratio: next('ratio') };
}

function absoluteShare(
  { looksPerOnset }: JudgeSettings,
  state: readonly number[],
  increment: Increment,
  limit: number,
): readonly number[] {
  const initial = shareStakes.map(() => 0);
  const gains = absoluteBet(initial, increment, limit, shareStakes);
  return gains === initial ? state : enterGains(state, gains, looksPerOnset);
}

function podBets(settings: JudgeSettings, kind: BadEventKind, before: KindState, { pods }: KindLook) {
  if (pods === undefined || kind.unit !== 'requests') return before.pods;
  const names = Object.keys(pods.canary).length;
  const stable = Object.values(pods.stable).reduce(
    (sum: PodCount, pod) => ({ total: sum.total + pod.total, bad: sum.bad + pod.bad }),
    { total: 0, bad: 0 },
  );
  const ratioMax = Math.max(
    widenedRatio(settings.ratio, before.check.spread, 1, names),
    wanderRatio(settings.ratio, varianceOf(before)),
  );
  return betOnPods(before.pods, pods.canary, stable, ratioMax);
}

/**
 * How many times the stable bad ratio is no harm: `ratio`, or more where pods of one and the same revision differ so
 * much that a canary of so few pods may well have drawn bad ones, or where the stable side wanders so far over minutes
 * that two sides may well be apart.
 */
export function marginOf({ ratio }: JudgeSettings, state: KindState, canaryPods: number): number {
  return Math.max(widenedRatio(ratio, state.check.spread, canaryPods), wanderRatio(ratio, varianceOf(state)));
}

function varianceOf({ check, wander }: KindState): number {
  return wanderVariance(wander, clumpSeen(check));
}

/**
 * Bad ratio above which a canary without a stable side is harmful: `ratio` times the larger of what is acceptable and
 * what stable itself showed in this observation. Undefined while there is a stable side, and for kinds without such a
 * limit.
 */
export function absoluteLimit(settings: JudgeSettings, kind: BadEventKind, state: KindState): number | undefined {
  if (kind.acceptableRatio === undefined || state.canaryAlone < canaryAloneMin) return undefined;
  const { stableTotal, stableBad } = state.totals;
  const reference = stableTotal >= canaryAloneMin ? stableBad / stableTotal : 0;
  return settings.ratio * Math.max(kind.acceptableRatio, reference);
}

/** Why an increment cannot be judged, or undefined when it can. */
export function incrementProblem(increment: Increment, unit: BadEventKind['unit']): string | undefined {
  for (const [name, count] of Object.entries(increment)) {
    if (!Number.isFinite(count) || count < 0) return `${name} is ${count}, not a count`;
  }
  if (unit === 'podSeconds') return undefined;
  const { canaryTotal, canaryBad, stableTotal, stableBad } = increment;
  if (canaryBad > canaryTotal) return `${canaryBad} bad of ${canaryTotal} canary requests`;
  if (stableBad > stableTotal) return `${stableBad} bad of ${stableTotal} stable requests`;
  return undefined;
}
