import { assess } from '../../analysis/judge/assess.ts';
import { sumEvents, type BadEventRule } from '../../analysis/judge/bad-events.ts';
import type { JudgeReport } from '../../analysis/judge/judge-report.ts';
import { initialJudgeState, type JudgeState } from '../../analysis/judge/judge-state.ts';
import { judge as takeLook, type KindLook } from '../../analysis/judge/judge.ts';
import { formatDuration } from '../../base/duration.ts';
import { unreachable } from '../../base/invariant.ts';
import type {
  MetricOutcome,
  MetricProvider,
  MetricRequest,
  MetricResponse,
  MetricTarget,
  MetricWindow,
} from './contract.ts';
import { judgeSchema, parseJudgeConfig, type JudgeConfig } from './judge-config.ts';
import { emptyKindMemory, foldKind, type KindMemory, type KindRound } from './judge-memory.ts';
import { restoreJudge, storeJudge } from './judge-metadata.ts';
import { countRule, readPages, type Page, type Sources } from './judge-pages.ts';

/** Everything a measurement by the judge remembers. */
export interface JudgeMeasurement {
  /** Evidence and totals; kept in the status of the run. */
  readonly judged: JudgeState;
  /** The metric that each rule reads; kept too, so that nothing is counted by two names. */
  readonly sources: Sources;
  /** Raw counters by kind; only in memory. */
  readonly kinds: Readonly<Record<string, KindMemory>>;
  /** When a page of each side was last read, or there was no pod to read. */
  readonly readAtMs: Readonly<Record<MetricTarget['role'], number>>;
  readonly report: JudgeReport;
  /** What was repaired, refused or is missing at the moment. */
  readonly notes: readonly string[];
}

type Judge = MetricProvider<JudgeConfig, JudgeMeasurement>;

/** A page of metrics longer than this is not read. */
const bodyBytesMax = 4 * 2 ** 20;

/**
 * `sluice.dev/judge`: compares the canary with the stable side by the pods' own metric pages, in one long measurement.
 * See `src/analysis/judge` for the tests; this file turns pages into looks and evidence into the measurement's outcome.
 */
export const judge: Judge = {
  name: 'sluice.dev/judge',
  plugin: true,
  schema: judgeSchema,
  parse: parseJudgeConfig,
  start: (config, window) => begin(config, window, initialJudgeState(config.settings), {}),
  requests: (config, window) =>
    window.targets.filter(({ ready }) => ready).flatMap((target) => requestOf(config, target)),
  fold,
  store: (_, { report, notes, judged, sources }) => storeJudge({ report, notes, judged, sources }),
  restore(config, window, metadata) {
    const stored = restoreJudge(config.settings, metadata);
    return stored.ok ? { ok: true, value: begin(config, window, stored.value.judged, stored.value.sources) } : stored;
  },
};

function begin(config: JudgeConfig, window: MetricWindow, judged: JudgeState, sources: Sources): JudgeMeasurement {
  const { kinds } = config.settings;
  return {
    judged,
    sources,
    kinds: Object.fromEntries(kinds.map(({ name }) => [name, emptyKindMemory(window.nowMs)])),
    readAtMs: { stable: window.nowMs, canary: window.nowMs },
    report: assess(config.settings, judged, { mode: window.mode }),
    notes: configurationNotes(config),
  };
}

function configurationNotes({ unknownFields }: JudgeConfig): readonly string[] {
  return unknownFields.length === 0 ? [] : [`the configuration has unknown fields: ${unknownFields.join(', ')}`];
}

function requestOf(config: JudgeConfig, target: MetricTarget): readonly MetricRequest[] {
  const port = config.port ?? target.port;
  if (port === undefined) return [];
  const host = target.address.includes(':') ? `[${target.address}]` : target.address;
  return [
    {
      id: target.pod,
      url: `http://${host}:${port}${config.path}`,
      // The text format is the one that every exporter gets right.
      headers: { accept: 'text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5' },
      timeoutMs: Math.min(10_000, Math.max(1000, config.intervalMs)),
      bodyBytesMax,
    },
  ];
}

function fold(
  config: JudgeConfig,
  window: MetricWindow,
  before: JudgeMeasurement,
  responses: readonly MetricResponse[],
): { readonly state: JudgeMeasurement; readonly outcome: MetricOutcome } {
  const { pages, notes } = readPages(config.rules, before.sources, window, responses);
  const round = foldKinds(config, window, before, pages);
  const judged = takeLook(config.settings, before.judged, round.look);
  const readAtMs = {
    stable: readAt(before, window, pages, 'stable'),
    canary: readAt(before, window, pages, 'canary'),
  };
  const ended = endOf(config, window, readAtMs);
  const report = assess(config.settings, judged, { mode: window.mode, ...(ended === undefined ? {} : { ended }) });
  const state: JudgeMeasurement = {
    judged,
    sources: round.sources,
    kinds: round.kinds,
    readAtMs,
    report,
    notes: [...configurationNotes(config), ...targetNotes(config, window), ...round.notes, ...notes],
  };
  return { state, outcome: outcomeOf(report, window.nowMs + config.intervalMs) };
}

interface Round {
  readonly look: Record<string, KindLook>;
  readonly kinds: Record<string, KindMemory>;
  readonly sources: Record<string, string>;
  readonly notes: string[];
}

function foldKinds(config: JudgeConfig, window: MetricWindow, before: JudgeMeasurement, pages: readonly Page[]): Round {
  const round: Round = { look: {}, kinds: {}, sources: { ...before.sources }, notes: [] };
  for (const kind of config.settings.kinds) {
    const rule = config.rules.find(({ name }) => name === kind.name);
    const kindRound = rule === undefined ? restartRound(config, window) : ruleRound(config, window, rule, pages, round);
    const folded = foldKind(kind, before.kinds[kind.name] ?? emptyKindMemory(window.nowMs), kindRound);
    round.kinds[kind.name] = folded.memory;
    round.notes.push(...folded.notes);
    if (folded.look !== undefined) round.look[kind.name] = folded.look;
  }
  return round;
}

/** Counts of a rule on the pages. Adds to the sources and notes of the round. */
function ruleRound(
  config: JudgeConfig,
  window: MetricWindow,
  rule: BadEventRule,
  pages: readonly Page[],
  round: Round,
): KindRound {
  const { source, counters, notes } = countRule(rule, round.sources[rule.name], pages);
  if (source !== undefined) round.sources[rule.name] = source;
  round.notes.push(...notes);
  const stable = counters.filter(({ target }) => target.role === 'stable');
  const stableReady = window.targets.filter(({ role, ready }) => role === 'stable' && ready);
  return {
    ...timing(config, window),
    readings: counters.map((one) => ({ ...readingOf(window, one.target), values: one.counters })),
    stableComplete: stable.length === stableReady.length && stable.some((one) => one.counters.size > 0),
    count: sumEvents,
  };
}

/** Restarts per pod-second, of all pods whose restarts are known, ready or not. */
function restartRound(config: JudgeConfig, window: MetricWindow): KindRound {
  const targets = window.targets.filter(({ restarts }) => restarts !== undefined);
  return {
    ...timing(config, window),
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

function timing(
  config: JudgeConfig,
  { nowMs, startedAtMs }: MetricWindow,
): Pick<KindRound, 'isWarmingUp' | 'nowMs' | 'gapMs'> {
  return {
    isWarmingUp: (target) => nowMs - Math.max(startedAtMs, target.startedAtMs) < config.warmupMs,
    nowMs,
    gapMs: 4 * config.intervalMs,
  };
}

function readingOf(window: MetricWindow, target: MetricTarget) {
  const { pod, startedAtMs, restarts = 0 } = target;
  return { pod, target, atMs: window.nowMs, startedAtMs, restarts };
}

/** While a side has no ready pod there is nothing to read, so it is not stale. */
function readAt(
  before: JudgeMeasurement,
  window: MetricWindow,
  pages: readonly Page[],
  role: MetricTarget['role'],
): number {
  const isReadable = window.targets.some((target) => target.role === role && target.ready);
  const wasRead = pages.some(({ target }) => target.role === role);
  return wasRead || !isReadable ? window.nowMs : before.readAtMs[role];
}

/** Why the observation cannot go on, if so. */
function endOf(
  config: JudgeConfig,
  { nowMs, startedAtMs, mode }: MetricWindow,
  readAtMs: JudgeMeasurement['readAtMs'],
): string | undefined {
  const deadlineMs = config.deadlineMs[mode];
  if (deadlineMs !== undefined && nowMs - startedAtMs >= deadlineMs) {
    return `the deadline of ${formatDuration(deadlineMs)} passed`;
  }
  for (const role of ['canary', 'stable'] as const) {
    if (nowMs - readAtMs[role] >= config.staleAfterMs) {
      return `no ${role} pod could be read for ${formatDuration(config.staleAfterMs)}`;
    }
  }
  return undefined;
}

function targetNotes(config: JudgeConfig, { targets }: MetricWindow): readonly string[] {
  const notes = (['canary', 'stable'] as const)
    .filter((role) => !targets.some((target) => target.role === role && target.ready))
    .map((role) => `no ${role} pod is ready`);
  const portless = targets.find(({ ready, port }) => ready && port === undefined && config.port === undefined);
  if (portless !== undefined) notes.push(`${portless.pod}: the port of its metrics is not known; give "port"`);
  return notes;
}

function outcomeOf({ verdict, summary }: JudgeReport, resumeAtMs: number): MetricOutcome {
  switch (verdict) {
    case 'rollback':
      return { kind: 'verdict', phase: 'Failed', value: verdict, message: summary };
    case 'promote':
      return { kind: 'verdict', phase: 'Successful', value: verdict, message: summary };
    case 'inconclusive':
      return { kind: 'verdict', phase: 'Inconclusive', value: verdict, message: summary };
    case 'continue':
      return { kind: 'observing', resumeAtMs, value: verdict, message: summary };
    default:
      return unreachable(verdict);
  }
}
