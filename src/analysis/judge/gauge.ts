import { unreachable } from '../../base/invariant.ts';
import { compareMeans, type MeansComparison } from './gauge-test.ts';

/** How a gauge such as memory or processor time is compared. */
export interface GaugeKind {
  readonly name: string;
  readonly weight: number;
  /**
   * - `level`: the mean over time of each pod.
   * - `rate`: the growth of a counter per second, such as seconds of processor time.
   * - `growth`: the growth of a gauge per hour, as a part of the stable pods' level: leaks.
   */
  readonly compare: 'level' | 'rate' | 'growth';
  /** What the canary may have more, as a part of what the stable pods have; of `growth` as a part per hour. */
  readonly margin: number;
}

/** What a gauge has shown. Numbers only; the first two are worth keeping, the rest is gathered anew. */
export interface GaugeState {
  /** Evidence of the comparisons so far, each by its weight. */
  readonly evidence: number;
  /** Comparisons that were made. */
  readonly comparisons: number;
  readonly last?: MeansComparison;
  /** When both sides were there; the comparisons follow after set times. */
  readonly sinceMs?: number;
  readonly pods: Readonly<Record<string, GaugePod>>;
}

interface GaugePod {
  readonly role: 'canary' | 'stable';
  readonly restarts: number;
  readonly firstAtMs: number;
  readonly first: number;
  readonly lastAtMs: number;
  readonly last: number;
  readonly sum: number;
  readonly count: number;
}

/** One value of one pod. */
export interface GaugeReading {
  readonly pod: string;
  readonly role: 'canary' | 'stable';
  readonly restarts: number;
  readonly atMs: number;
  readonly value: number;
}

/** What a gauge amounts to, for the verdict and for a person. */
export interface GaugeReport {
  readonly name: string;
  readonly weight: number;
  /** Natural log of the evidence; there is none before the first comparison. */
  readonly evidence: number;
  readonly compare: GaugeKind['compare'];
  readonly margin: number;
  readonly comparisons: number;
  readonly last?: Pick<MeansComparison, 'canaryMean' | 'stableMean' | 'chance'>;
}

/** A gauge that was not read yet. */
export const initialGauge: GaugeState = { evidence: 0, comparisons: 0, pods: {} };

const minuteMs = 60_000;
/** When comparisons are made after both sides are there, and the weight of each. The weights sum to 1. */
const schedule: readonly { readonly afterMs: number; readonly weight: number }[] = [
  { afterMs: 5 * minuteMs, weight: 0.3 },
  { afterMs: 10 * minuteMs, weight: 0.25 },
  { afterMs: 20 * minuteMs, weight: 0.2 },
  { afterMs: 40 * minuteMs, weight: 0.15 },
  { afterMs: 80 * minuteMs, weight: 0.1 },
];
const podsMax = 200;
/** Evidence of nothing as a log that survives JSON. */
const nothing = -50;

/**
 * Takes the values of one round in. Comparisons are made at times that are set in advance, each once, and their
 * evidence is added by weight: the sum only grows, and its mean is at most 1 when no comparison finds what is not
 * there, so it keeps the level at every time at which one looks (Markov's inequality).
 */
export function readGauge(
  kind: GaugeKind,
  before: GaugeState,
  readings: readonly GaugeReading[],
  nowMs: number,
): GaugeState {
  const pods = takeReadings(kind, before.pods, readings);
  const roles = new Set(Object.values(pods).map(({ role }) => role));
  const sinceMs = before.sinceMs ?? (roles.size === 2 ? nowMs : undefined);
  const state: GaugeState = { ...before, pods, ...(sinceMs === undefined ? {} : { sinceMs }) };
  const due = schedule[before.comparisons];
  if (due === undefined || sinceMs === undefined || nowMs - sinceMs < due.afterMs) return state;
  const found = comparePods(kind, Object.values(pods), sinceMs);
  const comparisons = before.comparisons + 1;
  if (found === undefined) return { ...state, comparisons };
  return { ...state, comparisons, last: found, evidence: before.evidence + due.weight * found.evidence };
}

/** What a gauge amounts to. */
export function reportGauge({ name, weight, compare, margin }: GaugeKind, state: GaugeState): GaugeReport {
  const { evidence, comparisons, last } = state;
  return {
    name,
    weight,
    compare,
    margin,
    comparisons,
    evidence: Math.max(nothing, Math.log(evidence)),
    ...(last === undefined
      ? {}
      : { last: { canaryMean: last.canaryMean, stableMean: last.stableMean, chance: last.chance } }),
  };
}

/** A pod that was restarted, or whose counter went back, begins anew. */
function takeReadings(
  { compare }: GaugeKind,
  before: GaugeState['pods'],
  readings: readonly GaugeReading[],
): GaugeState['pods'] {
  const pods: Record<string, GaugePod> = { ...before };
  for (const { pod, role, restarts, atMs, value } of readings) {
    const known = pods[pod];
    if (known === undefined && Object.keys(pods).length >= podsMax) continue;
    if (known !== undefined && atMs <= known.lastAtMs) continue;
    const wentBack = compare === 'rate' && known !== undefined && value < known.last;
    pods[pod] =
      known === undefined || restarts !== known.restarts || wentBack
        ? { role, restarts, firstAtMs: atMs, first: value, lastAtMs: atMs, last: value, sum: value, count: 1 }
        : { ...known, lastAtMs: atMs, last: value, sum: known.sum + value, count: known.count + 1 };
  }
  return pods;
}

/** Pods that were seen for most of the time since; a younger one has another history. */
function comparePods(
  { compare, margin }: GaugeKind,
  pods: readonly GaugePod[],
  sinceMs: number,
): MeansComparison | undefined {
  const latestMs = pods.reduce((latest, { lastAtMs }) => Math.max(latest, lastAtMs), sinceMs);
  const spanMs = latestMs - sinceMs;
  const whole = pods.filter(({ firstAtMs, lastAtMs }) => lastAtMs - firstAtMs >= 0.8 * spanMs && spanMs > 0);
  const side = (wanted: GaugePod['role'], value: (pod: GaugePod) => number): readonly number[] =>
    whole.filter(({ role }) => role === wanted).map(value);
  const level = ({ sum, count }: GaugePod): number => sum / count;
  const slope = ({ first, last, firstAtMs, lastAtMs }: GaugePod): number =>
    ((last - first) * 1000) / (lastAtMs - firstAtMs);
  const levels = side('stable', level);
  const scale = levels.reduce((sum, value) => sum + Math.abs(value), 0) / Math.max(1, levels.length);
  switch (compare) {
    case 'level':
      return compareMeans(side('canary', level), levels, { factor: 1 + margin, margin: 0, scale });
    case 'rate': {
      const rates = side('stable', slope);
      const rate = rates.reduce((sum, value) => sum + value, 0) / Math.max(1, rates.length);
      return compareMeans(side('canary', slope), rates, { factor: 1 + margin, margin: 0, scale: rate });
    }
    case 'growth': {
      const perHour = (pod: GaugePod): number => slope(pod) * 3600;
      const growths = side('stable', perHour);
      return compareMeans(side('canary', perHour), growths, { factor: 1, margin: margin * scale, scale });
    }
    default:
      return unreachable(compare);
  }
}
