import { sumEvents } from '../../src/analysis/judge/bad-events.ts';
import type { GaugeReading } from '../../src/analysis/judge/gauge.ts';
import type { KindLook } from '../../src/analysis/judge/judge.ts';
import type { MetricTarget } from '../../src/providers/metrics/contract.ts';
import type { JudgeConfig } from '../../src/providers/metrics/judge-config.ts';
import {
  emptyKindMemory,
  foldKind,
  type KindMemory,
  type KindRound,
  type TargetReading,
} from '../../src/providers/metrics/judge-memory.ts';
import type { Pod } from './pods.ts';
import { stepSeconds } from './scenario.ts';

/** When a step ends, in milliseconds. */
export function timeOf(step: number): number {
  return runStartedMs + step * stepSeconds * 1000;
}

/** Turns what pods show into looks. */
export interface Feed {
  /** Takes one scrape in; step 0 is the first one, before any traffic. */
  scrape(step: number, read: readonly Pod[]): Readonly<Record<string, KindLook>>;
}

/** Values of a gauge as read off the pages at a step. */
export function readGaugeValues(
  read: readonly Pod[],
  step: number,
  valueOf: (pod: number, step: number) => number,
): readonly GaugeReading[] {
  return read.map(({ name, role, restarts, index }) => ({
    pod: name,
    role,
    restarts,
    atMs: timeOf(step),
    value: valueOf(index, step),
  }));
}

/** When every pod started: long before the run. */
const podsStartedMs = 0;
const runStartedMs = 3_600_000;

/**
 * Feeds counters through the very functions with which the plug-in makes looks of pods' counters: missing readings,
 * resets and the warm-up are theirs to handle. `restarts` says whether restarts are looked at too; where no pod ever
 * restarts they say nothing, and are left out to save time.
 */
export function counterFeed(
  config: JudgeConfig,
  pods: readonly Pod[],
  badEvent: 'errors' | 'latency',
  { restarts, isStableAlone = false }: { readonly restarts: boolean; readonly isStableAlone?: boolean },
): Feed {
  const targets = new Map(pods.map((pod) => [pod.name, targetOf(pod)]));
  const kinds = config.settings.kinds.filter(({ name }) => name !== 'restarts' || restarts);
  const memories = new Map<string, KindMemory>(kinds.map(({ name }) => [name, emptyKindMemory(runStartedMs)]));
  const stablePods = pods.filter(({ role }) => role === 'stable').length;
  return {
    scrape(step, read) {
      const nowMs = timeOf(step);
      const looks: Record<string, KindLook> = {};
      for (const kind of kinds) {
        const round =
          kind.unit === 'podSeconds'
            ? restartRound(pods, targets, nowMs)
            : requestRound(config, read, targets, nowMs, { stablePods, countsBad: kind.name === badEvent });
        const memory = memories.get(kind.name) ?? emptyKindMemory(nowMs);
        const folded = foldKind(kind, isStableAlone ? { ...memory, canaryRead: true } : memory, round);
        memories.set(kind.name, folded.memory);
        if (folded.look !== undefined) looks[kind.name] = folded.look;
      }
      return looks;
    },
  };
}

function targetOf({ name, role }: Pod): MetricTarget {
  return { pod: name, role, address: '10.0.0.1', port: 80, startedAtMs: podsStartedMs, ready: true, restarts: 0 };
}

function requestRound(
  config: JudgeConfig,
  read: readonly Pod[],
  targets: ReadonlyMap<string, MetricTarget>,
  nowMs: number,
  { stablePods, countsBad }: { readonly stablePods: number; readonly countsBad: boolean },
): KindRound {
  return {
    readings: read.flatMap((pod) => readingOf(pod, targets, nowMs, requestCounters(pod, countsBad))),
    stableComplete: read.filter(({ role }) => role === 'stable').length === stablePods,
    count: sumEvents,
    isWarmingUp: () => nowMs - runStartedMs < config.warmupMs,
    nowMs,
    gapMs: 4 * stepSeconds * 1000,
  };
}

/**
 * A request that is bad in one respect is good in the others. The series of failed requests is there from the first
 * failed request on, as client libraries do it.
 */
function requestCounters({ good, bad }: Pod, countsBad: boolean): ReadonlyMap<string, number> {
  if (!countsBad) return new Map([['g', good + bad]]);
  return bad > 0
    ? new Map([
        ['g', good],
        ['b', bad],
      ])
    : new Map([['g', good]]);
}

function restartRound(pods: readonly Pod[], targets: ReadonlyMap<string, MetricTarget>, nowMs: number): KindRound {
  return {
    readings: pods.flatMap((pod) =>
      readingOf(
        pod,
        targets,
        nowMs,
        new Map([
          ['restarts', pod.restarts],
          ['seconds', (nowMs - podsStartedMs) / 1000],
        ]),
      ),
    ),
    stableComplete: true,
    count: (deltas) => ({ total: deltas.get('seconds') ?? 0, bad: deltas.get('restarts') ?? 0 }),
    isWarmingUp: () => false,
    nowMs,
    gapMs: 4 * stepSeconds * 1000,
  };
}

function readingOf(
  { name, restarts }: Pod,
  targets: ReadonlyMap<string, MetricTarget>,
  atMs: number,
  values: ReadonlyMap<string, number>,
): readonly TargetReading[] {
  const target = targets.get(name);
  return target === undefined ? [] : [{ pod: name, target, atMs, startedAtMs: podsStartedMs, restarts, values }];
}
