import { binomialTail } from './binomial-interval.ts';
import { dispersion } from './dispersion.ts';
import { addCounts, type PodCounts } from './pod-bets.ts';
import { noSpread, podSpread, type PodSpread } from './pod-spread.ts';
import { continueTrial, isTrialOver, startTrial, type Trial } from './self-check-trial.ts';

/**
 * The standing check of stable against stable (an A/A test). It costs no request: the stable pods are read anyway.
 *
 * - *Clumping*: whether bad events lie on the pods as independent ones would (see `dispersion`). Intervals are joined
 *   until they hold two bad events.
 * - *Trials*: single stable pods play the canary against the others for 240 looks. Every alarm is false, so their rate
 *   is the false-alarm rate of this service, measured.
 * - *Spread*: how much pods of the same revision differ (see `podSpread`).
 *
 * It decides whether `ratioE` may be used, which needs independent events. What it learned of clumping, the trials and
 * the spread are worth keeping from one release of a service to the next; the rest belongs to the observation.
 */
export interface SelfCheck {
  /** Information on clumping: sum of 1/variance. */
  readonly weight: number;
  /** Sum of excess/variance. */
  readonly excess: number;
  /** Bad events in these measures, and the sum of each measure's excess times its bad events. */
  readonly bad: number;
  readonly badExcess: number;
  readonly isAdmitted: boolean;
  readonly trials: number;
  /** Trials in which the ratio test, or the share bet, alarmed. */
  readonly ratioAlarms: number;
  readonly shareAlarms: number;
  readonly spread: PodSpread;
  /** Counts since the last measure of clumping. */
  readonly block: PodCounts;
  readonly blockLooks: number;
  /** Counts of the whole observation. */
  readonly pods: PodCounts;
  readonly trial?: Trial;
}

/** What the check measured, for a person and for the choice of the test. */
export interface SelfCheckReport {
  readonly isAdmitted: boolean;
  /** Dispersion of bad events between stable pods: 1 is independent; undefined while nothing is known. */
  readonly dispersion?: number;
  /** Part of the information that an answer needs, 0 to 1. */
  readonly information: number;
  /** Trials, and those with an alarm of each test; `binomialInterval` makes rates of them. */
  readonly trials: number;
  readonly ratioAlarms: number;
  readonly shareAlarms: number;
  /** Standard deviation of the pods' own bad ratios, relative to their mean. */
  readonly spread: number;
}

/** Information without which nothing at all is said about the size of clumps: one pair of bad events on five pods. */
const boundWeightMin = 4;
/** Standard errors between an estimate and the largest clump that is thought possible. */
const errorsToBound = 1.2;
/** Excess up to which the ratio test keeps its level by its margin. */
const excessMax = 0.35;
/** Standard errors between an estimate that admits and the largest excess. */
const errorsToAdmit = 2.33;
/** Standard errors above 0 from which on clumps count as seen. */
const errorsToSee = 2;
/** No answer before this much information: 16 pairs of bad events on nine pods, 130 on two. */
const weightMin = 129;
/** Older information fades, so that a service that changes is noticed. */
const weightMax = 1000;
/** Trials fade too. */
const trialsMax = 2000;
/** Chance of the seen alarms at the wanted level below which the ratio test is refused. */
const alarmChanceMin = 0.01;
/** Looks that are joined into one measure at the most. */
const blockLooksMax = 240;
const podsMax = 64;

/** The check before any observation. */
export const initialSelfCheck: SelfCheck = {
  weight: 0,
  excess: 0,
  bad: 0,
  badExcess: 0,
  isAdmitted: false,
  trials: 0,
  ratioAlarms: 0,
  shareAlarms: 0,
  spread: noSpread,
  block: {},
  blockLooks: 0,
  pods: {},
};

/** Takes the stable pods' counts of one look in. `ratioMax` and `alpha` are those of the tests that are tried. */
export function checkItself(before: SelfCheck, stable: PodCounts, ratioMax: number, alpha: number): SelfCheck {
  const pods = Object.fromEntries(Object.entries(stable).slice(0, podsMax));
  if (Object.keys(pods).length < 2) return before;
  const measured = takeTrial(takeBlock(takeTotals(before, pods), pods), pods, ratioMax, alpha);
  return { ...measured, isAdmitted: isAdmitted(measured, alpha) };
}

/** What is worth keeping for the next observation of the same service. */
export function carrySelfCheck(check: SelfCheck): SelfCheck {
  const { trial: _, ...kept } = check;
  return { ...kept, block: {}, blockLooks: 0, pods: {} };
}

/** What the check amounts to. */
export function reportSelfCheck(check: SelfCheck): SelfCheckReport {
  const { weight, excess, isAdmitted, trials, ratioAlarms, shareAlarms, spread } = check;
  return {
    isAdmitted,
    ...(weight > 0 ? { dispersion: Math.max(0, 1 + excess / weight) } : {}),
    information: Math.min(1, weight / weightMin),
    trials,
    ratioAlarms,
    shareAlarms,
    spread: Math.sqrt(spread.variance),
  };
}

/**
 * The largest clump that the ratio test has to allow for in the next look: 1 where independence was admitted, infinite
 * while nothing is known. It is an estimate, so `clumpRatio` keeps its level as far as this is right; how often it is
 * not is measured, see docs/judging-mathematics.md.
 */
export function clumpBound({ weight, excess, isAdmitted: was, trials, ratioAlarms }: SelfCheck, alpha: number): number {
  if (was) return 1;
  if (weight < boundWeightMin || binomialTail(ratioAlarms, trials, alpha) < alarmChanceMin) return Infinity;
  return 1 + Math.max(0, excess / weight) + errorsToBound / Math.sqrt(weight);
}

/**
 * Size of the clumps that were seen, as it adds to a variance (their mean weighted by size): 1 where independence was
 * admitted, or as long as chance explains what was seen.
 */
export function clumpSeen({ weight, excess, bad, badExcess, isAdmitted: was }: SelfCheck): number {
  if (was || bad <= 0 || excess / weight < errorsToSee / Math.sqrt(weight)) return 1;
  return 1 + Math.max(0, badExcess / bad);
}

/**
 * True when single stable pods set the share bet off more often than chance allows. Then bad events go together for
 * longer than a look, and looks should be further apart.
 */
export function isRestless({ trials, shareAlarms }: Pick<SelfCheck, 'trials' | 'shareAlarms'>, alpha: number): boolean {
  return binomialTail(shareAlarms, trials, alpha) < alarmChanceMin;
}

/**
 * Admitted when clumping is excluded and the trials do not contradict. What was admitted stays so until the estimate
 * itself comes near the limit; an answer that flickers would help nobody.
 */
function isAdmitted({ weight, excess, isAdmitted: was, trials, ratioAlarms }: SelfCheck, alpha: number): boolean {
  if (weight < weightMin) return false;
  if (binomialTail(ratioAlarms, trials, alpha) < alarmChanceMin) return false;
  const errors = was ? 1 : errorsToAdmit;
  return excess / weight + errors / Math.sqrt(weight) < excessMax;
}

function takeTotals(before: SelfCheck, pods: PodCounts): SelfCheck {
  const sum = addCounts(before.pods, pods, podsMax);
  // What a clump adds to a variance grows with its size, so here large measures count more.
  const clumping = before.bad > 0 ? 1 + before.badExcess / before.bad : 1;
  const spread = podSpread(Object.values(sum), clumping);
  // A restart must not narrow the margin until as much is known again.
  const isKnown = spread.variance > 0 || badOf(sum) >= spreadBadMin;
  return { ...before, pods: sum, spread: isKnown ? spread : before.spread };
}

/** Bad events after which a spread that was known before is judged anew. */
const spreadBadMin = 100;

function takeBlock(before: SelfCheck, pods: PodCounts): SelfCheck {
  const block = addCounts(before.block, pods, podsMax);
  const blockLooks = before.blockLooks + 1;
  if (badOf(block) < 2) {
    return blockLooks < blockLooksMax ? { ...before, block, blockLooks } : { ...before, block: {}, blockLooks: 0 };
  }
  const found = dispersion(Object.values(block));
  if (found === undefined || found.variance <= 0) return { ...before, block: {}, blockLooks: 0 };
  const weight = before.weight + 1 / found.variance;
  const fading = Math.min(1, weightMax / weight);
  return {
    ...before,
    weight: weight * fading,
    excess: (before.excess + found.excess / found.variance) * fading,
    bad: (before.bad + badOf(block)) * fading,
    badExcess: (before.badExcess + found.excess * badOf(block)) * fading,
    block: {},
    blockLooks: 0,
  };
}

function takeTrial(before: SelfCheck, pods: PodCounts, ratioMax: number, alpha: number): SelfCheck {
  const begun = before.trial ?? startTrial(pods, ratioMax, before.trials);
  if (begun === undefined) return before;
  const trial = continueTrial(begun, pods, ratioMax, alpha);
  const { trial: _, ...rest } = before;
  if (!isTrialOver(trial)) return { ...rest, trial };
  const fading = Math.min(1, trialsMax / (before.trials + trial.players));
  return {
    ...rest,
    trials: Math.round((before.trials + trial.players) * fading),
    ratioAlarms: Math.round((before.ratioAlarms + trial.ratioAlarms) * fading),
    shareAlarms: Math.round((before.shareAlarms + trial.shareAlarms) * fading),
  };
}

function badOf(pods: PodCounts): number {
  return Object.values(pods).reduce((sum, { bad }) => sum + bad, 0);
}
