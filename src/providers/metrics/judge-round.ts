import { sumEvents, type BadEventRule } from '../../analysis/judge/bad-events.ts';
import type { KindLook } from '../../analysis/judge/judge.ts';
import { latencyBoundaries } from '../../analysis/judge/latency-boundaries.ts';
import type { LatencyMetric } from '../../analysis/judge/metric-conventions.ts';
import type { MetricTarget, MetricWindow } from './contract.ts';
import type { JudgeConfig } from './judge-config.ts';
import { boundariesSource, sourceOf, type Counted, type Sources } from './judge-kinds.ts';
import { emptyKindMemory, foldKind, type KindMemory, type KindRound } from './judge-memory.ts';
import { countRule, preferredMetric, type Page } from './judge-pages.ts';

/** What a round is made of. */
export interface RoundInput {
  readonly config: JudgeConfig;
  readonly window: MetricWindow;
  readonly counted: Counted;
  readonly sources: Sources;
  readonly pages: readonly Page[];
  /** True when every ready pod of the stable side is known at this time. */
  readonly isComplete: boolean;
  readonly kinds: Readonly<Record<string, KindMemory>>;
}

/** What came of it. */
export interface Round {
  readonly look: Record<string, KindLook>;
  readonly kinds: Record<string, KindMemory>;
  readonly sources: Record<string, string>;
  readonly notes: string[];
}

/** Counts everything that is judged on the pages of one round. */
export function foldKinds(input: RoundInput): Round {
  const { counted, window, kinds } = input;
  const round: Round = { look: {}, kinds: {}, sources: { ...input.sources }, notes: [] };
  for (const kind of counted.kinds) {
    const rule = counted.rules.find(({ name }) => name === kind.name);
    const kindRound = rule === undefined ? restartRound(input) : ruleRound(input, rule, round);
    const folded = foldKind(kind, kinds[kind.name] ?? emptyKindMemory(window.nowMs), kindRound);
    round.kinds[kind.name] = folded.memory;
    for (const note of folded.notes) if (!round.notes.includes(note)) round.notes.push(note);
    if (folded.look !== undefined) round.look[kind.name] = folded.look;
  }
  return round;
}

/**
 * The histogram of durations on the pages and the boundaries at which the sides are compared, once both sides show it.
 * They are chosen once, before anything is counted by them.
 */
export function findLatency({ counted }: JudgeConfig, sources: Sources, pages: readonly Page[]): FoundLatency {
  const { latency, weights } = counted;
  const isSought = latency.boundarySeconds === undefined && weights.latency > 0;
  if (!isSought || sources[boundariesSource] !== undefined) return { sources: {}, notes: [] };
  const rule: BadEventRule = { kind: 'latency', name: 'latency', metrics: latency.metrics, boundarySeconds: 1 };
  for (const metric of latency.metrics) {
    const own: BadEventRule = { ...rule, metrics: [metric] };
    const shown = pages.filter((page) => preferredMetric(own, [page]) !== undefined);
    const sides = new Set(shown.map(({ target }) => target.role));
    if (sides.size === 2) return chosenLatency(metric, shown);
  }
  return { sources: {}, notes: [] };
}

/** What was found of it, and what stands against it. */
export interface FoundLatency {
  readonly sources: Sources;
  readonly notes: readonly string[];
}

function chosenLatency(metric: LatencyMetric, pages: readonly Page[]): FoundLatency {
  const boundaries = latencyBoundaries(
    metric,
    pages.map(({ samples }) => samples),
  );
  if (boundaries.length > 0) {
    return { sources: { latency: metric.name, [boundariesSource]: boundaries.join(',') }, notes: [] };
  }
  const reason = 'the pods have no boundary in common, or a page of it is written wrongly';
  return { sources: {}, notes: [`latency cannot be compared by ${metric.name}: ${reason}`] };
}

/** Counts of a rule on the pages. Adds to the sources and notes of the round. */
function ruleRound(input: RoundInput, rule: BadEventRule, round: Round): KindRound {
  const { window, pages, isComplete } = input;
  const { source, counters, notes } = countRule(rule, round.sources[sourceOf(rule)], pages);
  if (source !== undefined && round.sources[sourceOf(rule)] === undefined) {
    round.sources[sourceOf(rule)] = source.name;
    if (source.convention !== 'configuration') round.sources['convention'] = source.convention;
  }
  for (const note of notes) if (!round.notes.includes(note)) round.notes.push(note);
  const stable = counters.filter(({ page }) => page.target.role === 'stable');
  const hasStable = pages.some(({ target }) => target.role === 'stable');
  return {
    ...timing(input),
    readings: counters.map(({ page, counters }) => ({
      ...readingOf(window, page.target),
      atMs: page.atMs,
      values: counters,
    })),
    stableComplete: isComplete && (hasStable ? stable.some((one) => one.counters.size > 0) : pages.length > 0),
    count: sumEvents,
  };
}

/** Restarts per pod-second, of all pods whose restarts are known, ready or not. */
function restartRound(input: RoundInput): KindRound {
  const { window } = input;
  const targets = window.targets.filter(({ restarts }) => restarts !== undefined);
  return {
    ...timing(input),
    readings: targets.map((target) => ({
      ...readingOf(window, target),
      values: new Map([
        ['restarts', target.restarts ?? 0],
        ['seconds', Math.max(0, window.nowMs - target.startedAtMs) / 1000],
      ]),
    })),
    stableComplete: true,
    count: (deltas) => ({ total: deltas.get('seconds') ?? 0, bad: deltas.get('restarts') ?? 0 }),
    // A pod that crashes while it warms up crashes for its users too.
    isWarmingUp: () => false,
  };
}

/** Prometheus may scrape less often than the judge asks it. */
const gapMsMin = { scrape: 0, prometheus: 180_000 };

/** True while the counts of a pod are left out, because the observation or the pod began a short while ago. */
export function isWarmingUp({ warmupMs }: JudgeConfig, window: MetricWindow, target: MetricTarget): boolean {
  return window.nowMs - Math.max(window.startedAtMs, target.startedAtMs) < warmupMs;
}

function timing({ config, window }: RoundInput): Pick<KindRound, 'isWarmingUp' | 'nowMs' | 'gapMs'> {
  return {
    isWarmingUp: (target) => isWarmingUp(config, window, target),
    nowMs: window.nowMs,
    gapMs: Math.max(gapMsMin[config.source.kind], 4 * config.intervalMs),
  };
}

function readingOf(window: MetricWindow, target: MetricTarget) {
  const { pod, startedAtMs, restarts = 0 } = target;
  return { pod, target, atMs: window.nowMs, startedAtMs, restarts };
}
