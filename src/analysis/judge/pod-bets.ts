import { betOnMean } from './bet-on-mean.ts';
import { logMeanExp } from './log-sum-exp.ts';

/** What was counted on one pod: all, and the bad ones. */
export interface PodCount {
  readonly total: number;
  readonly bad: number;
}

/** Counts by the name of the pod. */
export type PodCounts = Readonly<Record<string, PodCount>>;

/** Two intervals as one, of at most so many pods; pods beyond that are left out. */
export function addCounts(first: PodCounts, second: PodCounts, podsMax = 1000): Record<string, PodCount> {
  const sum: Record<string, PodCount> = { ...first };
  let size = Object.keys(sum).length;
  for (const [name, { total, bad }] of Object.entries(second)) {
    const known = sum[name];
    if (known === undefined && size >= podsMax) continue;
    if (known === undefined) size += 1;
    sum[name] = { total: total + (known?.total ?? 0), bad: bad + (known?.bad ?? 0) };
  }
  return sum;
}

/** Bets on single pods of the canary. Numbers only, so that it survives JSON. */
export interface PodBets {
  /** Capital that no pod has been given yet. */
  readonly free: number;
  /** Capital of pods that are gone. */
  readonly retired: number;
  /** Log capitals by pod. */
  readonly bets: Readonly<Record<string, readonly number[]>>;
}

/** Pods that are bet on at the same time. */
export const podBetsMax = 32;

/** Fractions of the largest stake that a bet on a pod is divided between. */
export const podFractions: readonly number[] = [0.05, 0.2, 0.5, 0.9];

/** Bets before any observation. */
export const initialPodBets: PodBets = { free: 1, retired: 0, bets: {} };

/**
 * Tests whether any single pod of the canary is bad, which hides among good ones. Every pod has a share bet of its own
 * against the whole stable side (see `shareBet`); the evidence is the log of all their capital. Pods that are new
 * together get half of the capital that is still free, in equal parts. What a pod gets depends on the past alone, so
 * the sum is a mixture and keeps the level however many pods come and go. With a single pod there is nothing to tell
 * apart from the whole, so nothing is bet.
 *
 * `ratioMax` (at least 1) is how many times the stable bad ratio is no harm in a single pod.
 */
export function betOnPods(before: PodBets, canary: PodCounts, stable: PodCount, ratioMax: number): PodBets {
  const names = Object.keys(canary).sort();
  const isPointless = names.length < 2 && Object.keys(before.bets).length === 0;
  if (isPointless || stable.total <= 0) return before;
  const { bets, ...capital } = admitPods(before, names);
  const next: Record<string, readonly number[]> = {};
  for (const [name, logs] of Object.entries(bets)) next[name] = betOnPod(logs, canary[name], stable, ratioMax);
  return { ...capital, bets: next };
}

/** Log of all the capital. */
export function podEvidence({ free, retired, bets }: PodBets): number {
  return Math.log(Object.values(bets).reduce((sum, logs) => sum + Math.exp(logMeanExp(logs)), free + retired));
}

/** The pod with most of the capital; undefined while no pod has more than it was given. */
export function worstPod({ bets }: PodBets): string | undefined {
  let [worst, most]: [string | undefined, number] = [undefined, 0];
  for (const [name, logs] of Object.entries(bets)) {
    const evidence = logMeanExp(logs);
    if (evidence > most) [worst, most] = [name, evidence];
  }
  return worst;
}

/** Takes pods out that are not among the names, with their capital, until at most so many are left. */
export function retirePods(before: PodBets, names: ReadonlySet<string>, left: number): PodBets {
  const entries = Object.entries(before.bets);
  const surplus = entries.length - left;
  if (surplus <= 0) return before;
  const gone = entries
    .filter(([name]) => !names.has(name))
    .sort(([, first], [, second]) => logMeanExp(first) - logMeanExp(second))
    .slice(0, surplus);
  const goneNames = new Set(gone.map(([name]) => name));
  return {
    free: before.free,
    retired: gone.reduce((sum, [, logs]) => sum + Math.exp(logMeanExp(logs)), before.retired),
    bets: Object.fromEntries(entries.filter(([name]) => !goneNames.has(name))),
  };
}

function admitPods(before: PodBets, names: readonly string[]): PodBets {
  const fresh = names.filter((name) => !Object.hasOwn(before.bets, name)).slice(0, podBetsMax);
  if (fresh.length === 0) return before;
  const kept = retirePods(before, new Set(names), podBetsMax - fresh.length);
  const room = podBetsMax - Object.keys(kept.bets).length;
  const admitted = fresh.slice(0, room);
  if (admitted.length === 0) return kept;
  const start = podFractions.map(() => Math.log(kept.free / 2 / admitted.length));
  return {
    ...kept,
    free: kept.free / 2,
    bets: { ...kept.bets, ...Object.fromEntries(admitted.map((name) => [name, start])) },
  };
}

function betOnPod(
  logs: readonly number[],
  pod: PodCount | undefined,
  stable: PodCount,
  ratioMax: number,
): readonly number[] {
  if (pod === undefined || pod.total <= 0) return logs;
  const bad = pod.bad + stable.bad;
  if (bad <= 0) return logs;
  const share = (ratioMax * pod.total) / (ratioMax * pod.total + stable.total);
  return betOnMean(logs, pod.bad / bad, share, podFractions);
}
