import type { PodCounts } from './pod-bets.ts';
import { ratioE } from './ratio-e.ts';
import { evidenceThreshold, type SequentialTest } from './sequential-test.ts';
import { shareBet } from './share-bet.ts';

/** Looks of one trial: an hour at a look every 15 s. */
const trialLooks = 240;
/** Pods that play the canary at the same time. */
const trialPodsMax = 8;

/** A trial under way: single stable pods play the canary against the other stable pods. */
export interface Trial {
  readonly looks: number;
  /** State of the tests by pod; absent once a test has alarmed. */
  readonly ratio: Readonly<Record<string, readonly number[]>>;
  readonly share: Readonly<Record<string, readonly number[]>>;
  readonly ratioAlarms: number;
  readonly shareAlarms: number;
  /** Pods that played. */
  readonly players: number;
}

/** Starts a trial; the pods take turns. Undefined with fewer than two pods. */
export function startTrial(pods: PodCounts, ratioMax: number, turn: number): Trial | undefined {
  const names = Object.keys(pods).sort();
  if (names.length < 2) return undefined;
  const players = names.map((_, at) => names[(at + turn) % names.length] ?? '').slice(0, trialPodsMax);
  const begin = (test: SequentialTest) => Object.fromEntries(players.map((name) => [name, test.initial]));
  return {
    looks: 0,
    ratio: begin(ratioE(ratioMax)),
    share: begin(shareBet(ratioMax)),
    ratioAlarms: 0,
    shareAlarms: 0,
    players: players.length,
  };
}

/** One more look. */
export function continueTrial(trial: Trial, pods: PodCounts, ratioMax: number, alpha: number): Trial {
  const ratio = playTest(trial.ratio, ratioE(ratioMax), pods, alpha);
  const share = playTest(trial.share, shareBet(ratioMax), pods, alpha);
  return {
    ...trial,
    looks: trial.looks + 1,
    ratio: ratio.states,
    share: share.states,
    ratioAlarms: trial.ratioAlarms + ratio.alarms,
    shareAlarms: trial.shareAlarms + share.alarms,
  };
}

/** True when the trial has lasted as long as it should. */
export function isTrialOver({ looks }: Trial): boolean {
  return looks >= trialLooks;
}

function playTest(
  before: Readonly<Record<string, readonly number[]>>,
  test: SequentialTest,
  pods: PodCounts,
  alpha: number,
): { readonly states: Record<string, readonly number[]>; readonly alarms: number } {
  const stable = Object.values(pods);
  const total = stable.reduce((sum, pod) => sum + pod.total, 0);
  const bad = stable.reduce((sum, pod) => sum + pod.bad, 0);
  const states: Record<string, readonly number[]> = {};
  let alarms = 0;
  for (const [name, state] of Object.entries(before)) {
    const pod = pods[name] ?? { total: 0, bad: 0 };
    const increment = {
      canaryTotal: pod.total,
      canaryBad: pod.bad,
      stableTotal: total - pod.total,
      stableBad: bad - pod.bad,
    };
    const next = test.update(state, increment);
    if (next !== state && isAlarm(test, next, evidenceThreshold(alpha))) alarms += 1;
    else states[name] = next;
  }
  return { states, alarms };
}

/** The evidence is a mean of capitals, so where none of them is beyond the threshold it need not be worked out. */
function isAlarm(test: SequentialTest, logs: readonly number[], threshold: number): boolean {
  return logs.some((log) => log >= threshold) && test.evidence(logs) >= threshold;
}
