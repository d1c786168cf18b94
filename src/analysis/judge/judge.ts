import { invariant } from '../../base/invariant.ts';
import { absoluteBet } from './absolute-bet.ts';
import type { BadEventKind, JudgeSettings } from './judge-settings.ts';
import { promoteTestOf, rollbackTests, type JudgeState, type KindState } from './judge-state.ts';
import { addIncrements, type Increment } from './sequential-test.ts';

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

function judgeKind(settings: JudgeSettings, kind: BadEventKind, before: KindState, look: KindLook): KindState {
  const { increment } = look;
  invariant(incrementProblem(increment, kind.unit) === undefined, `an increment of ${kind.name} makes sense`);
  return {
    totals: addIncrements(before.totals, increment),
    canaryAlone: canaryAlone(before, look),
    rollback: rollbackStates(settings, kind, before, look),
    promote: promoteTestOf(settings, kind)?.update(before.promote, increment) ?? before.promote,
  };
}

function canaryAlone(before: KindState, { increment, stableRead }: KindLook): number {
  return increment.stableTotal > 0 || !stableRead ? 0 : before.canaryAlone + increment.canaryTotal;
}

/**
 * With stable traffic the sides are compared. Without, once the silence is certain *from the past alone*, the share bet
 * goes on against an absolute limit. What is compared in a round is settled before the round is seen, so the product of
 * the rounds stays a fair game.
 */
function rollbackStates(
  settings: JudgeSettings,
  kind: BadEventKind,
  before: KindState,
  { increment, stableRead }: KindLook,
): KindState['rollback'] {
  const limit = absoluteLimit(settings, kind, before);
  const absolute = limit !== undefined && stableRead && increment.stableTotal === 0;
  return Object.fromEntries(
    rollbackTests(settings, kind).map(({ name, test }) => {
      const state = before.rollback[name] ?? test.initial;
      const next = absolute && name === 'share' ? absoluteBet(state, increment, limit) : test.update(state, increment);
      return [name, next];
    }),
  );
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
