import { assess } from '../../analysis/judge/assess.ts';
import { emptyTrail, extendTrail, type EvidenceTrail } from '../../analysis/judge/evidence-trail.ts';
import type { JudgeReport } from '../../analysis/judge/judge-report.ts';
import { initialJudgeState, type JudgeState } from '../../analysis/judge/judge-state.ts';
import { judge as takeLook } from '../../analysis/judge/judge.ts';
import { scaleCapital } from '../../analysis/judge/kind-capital.ts';
import { isRestless } from '../../analysis/judge/self-check.ts';
import { formatDuration } from '../../base/duration.ts';
import { unreachable } from '../../base/invariant.ts';
import type {
  MetricOutcome,
  MetricProvider,
  MetricRequest,
  MetricTarget,
  MetricWindow,
  PrometheusRequest,
} from './contract.ts';
import { judgeSchema, parseJudgeConfig, type JudgeConfig, type JudgeControllerSettings } from './judge-config.ts';
import { foldGauges, reportGauges, type GaugeStates } from './judge-gauges.ts';
import { learnFromHour, withKnowledge } from './judge-hour.ts';
import { countedKinds, settingsWith, type Counted, type Sources } from './judge-kinds.ts';
import type { KindMemory } from './judge-memory.ts';
import { carriedKnowledge, restoreJudge, storeJudge } from './judge-metadata.ts';
import type { Page } from './judge-pages.ts';
import { foldKinds, findLatency, isWarmingUp } from './judge-round.ts';
import { beginReading, readSource, requestSource, type ReadingState } from './judge-source.ts';

/** Everything a measurement by the judge remembers. */
export interface JudgeMeasurement {
  /** Evidence and totals; kept in the status of the run. */
  readonly judged: JudgeState;
  /** What is read and how; kept too, so that nothing is counted in two ways. */
  readonly sources: Sources;
  readonly trail: EvidenceTrail;
  /** Raw counters by kind; only in memory. */
  readonly kinds: Readonly<Record<string, KindMemory>>;
  /** Gauges by name. */
  readonly gauges: GaugeStates;
  /** What the source needs to know of the rounds before; only in memory. */
  readonly reading: ReadingState;
  /** When a page of each side was last read, or there was no pod to read. */
  readonly readAtMs: Readonly<Record<MetricTarget['role'], number>>;
  readonly report: JudgeReport;
  /** What was repaired, refused or is missing at the moment. */
  readonly notes: readonly string[];
}

type Judge = MetricProvider<JudgeConfig, JudgeMeasurement, MetricRequest | PrometheusRequest>;

/**
 * `sluice.dev/judge`: compares the canary with the stable side by the pods' own metrics, in one long measurement. See
 * `src/analysis/judge` for the tests; this file turns answers into looks and evidence into the measurement's outcome.
 */
export function createJudge(controller: JudgeControllerSettings): Judge {
  return {
    name: 'sluice.dev/judge',
    plugin: true,
    learns: true,
    schema: judgeSchema,
    parse: (configuration) => parseJudgeConfig(configuration, controller),
    start(config, window) {
      const settings = settingsWith(config.settings, countedKinds(config.counted, {}));
      return begin(config, window, {
        judged: initialJudgeState(settings, carriedKnowledge(window.earlier ?? {})),
        sources: {},
        trail: emptyTrail,
        gauges: {},
      });
    },
    requests: (config, window, state) => requestSource(config, window, state.reading, state.sources),
    fold,
    store: (_, state) => storeJudge(state),
    restore(config, window, metadata) {
      const stored = restoreJudge(config, metadata);
      return stored.ok ? { ok: true, value: begin(config, window, stored.value) } : stored;
    },
  };
}

/** The provider where the controller adds nothing. */
export const judge = createJudge({});

function begin(
  config: JudgeConfig,
  window: MetricWindow,
  known: Pick<JudgeMeasurement, 'judged' | 'sources' | 'trail' | 'gauges'>,
): JudgeMeasurement {
  const { judged, sources } = known;
  const settings = settingsWith(config.settings, countedKinds(config.counted, sources));
  return {
    ...known,
    kinds: {},
    reading: beginReading(config, window, sources),
    readAtMs: { stable: window.nowMs, canary: window.nowMs },
    report: assess(settings, judged, { mode: window.mode, gauges: reportGauges(config.gauges, known.gauges) }),
    notes: configurationNotes(config),
  };
}

function configurationNotes({ unknownFields }: JudgeConfig): readonly string[] {
  return unknownFields.length === 0 ? [] : [`the configuration has unknown fields: ${unknownFields.join(', ')}`];
}

function fold(
  config: JudgeConfig,
  window: MetricWindow,
  before: JudgeMeasurement,
  responses: Parameters<Judge['fold']>[3],
): ReturnType<Judge['fold']> {
  const read = readSource(config, window, before.reading, before.sources, responses);
  if (read.kind === 'again') return { state: { ...before, reading: read.reading }, outcome: { kind: 'again' } };
  const { pages, isComplete } = read;
  const latency = findLatency(config, before.sources, pages);
  const sources = { ...before.sources, ...latency.sources };
  const counted = countedKinds(config.counted, sources);
  const settings = settingsWith(config.settings, counted);
  const known = withNewKinds(before, counted, initialJudgeState(settings, carriedKnowledge(window.earlier ?? {})));
  const informed = withKnowledge(known, learnFromHour(config, window, counted, sources, read.hour ?? []));
  const round = foldKinds({ config, window, counted, sources, pages, isComplete, kinds: before.kinds });
  const judged = takeLook(settings, informed, round.look);
  const readAtMs = { stable: readAt(before, window, pages, 'stable'), canary: readAt(before, window, pages, 'canary') };
  const ended = endOf(config, window, readAtMs);
  const { gauges, notes } = foldGauges(config.gauges, before.gauges, pages, window, ({ target }) =>
    isWarmingUp(config, window, target),
  );
  const report = assess(settings, judged, {
    mode: window.mode,
    gauges: reportGauges(config.gauges, gauges),
    ...(ended === undefined ? {} : { ended }),
  });
  const { rollback, promote } = report;
  const state: JudgeMeasurement = {
    judged,
    sources: { ...round.sources, ...read.sources },
    trail: extendTrail(before.trail, {
      rollback: rollback.evidence,
      ...(promote === undefined ? {} : { promote: promote.evidence }),
    }),
    kinds: round.kinds,
    gauges,
    reading: read.reading(round.sources),
    readAtMs,
    report,
    notes: [
      ...configurationNotes(config),
      ...targetNotes(config, window),
      ...checkNotes(config, report),
      ...round.notes,
      ...notes,
      ...latency.notes,
      ...read.notes,
    ],
  };
  return { state, outcome: outcomeOf(report, window.nowMs + config.intervalMs) };
}

/**
 * A kind that was found just now gets its part of the capital that there is, and never more than it would have had at
 * the start: what the others have lost by now is not given back.
 */
function withNewKinds({ judged, report }: JudgeMeasurement, { kinds }: Counted, initial: JudgeState): JudgeState {
  const found = kinds.filter(({ name }) => judged[name] === undefined);
  if (found.length === 0) return judged;
  const lost = Math.min(0, report.rollback.evidence);
  const begun = found.flatMap(({ name }) => {
    const state = initial[name];
    return state === undefined ? [] : [[name, { ...state, capital: scaleCapital(state.capital, lost) }] as const];
  });
  return { ...judged, ...Object.fromEntries(begun) };
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

function targetNotes({ source }: JudgeConfig, { targets }: MetricWindow): readonly string[] {
  const notes = (['canary', 'stable'] as const)
    .filter((role) => !targets.some((target) => target.role === role && target.ready))
    .map((role) => `no ${role} pod is ready`);
  if (source.kind === 'prometheus' || source.places[0]?.port !== undefined) return notes;
  const portless = targets.find(({ ready, port }) => ready && port === undefined);
  if (portless !== undefined) notes.push(`${portless.pod}: the port of its metrics is not known; give "port"`);
  return notes;
}

/** What the comparison of stable with stable says against the way in which the judge is used here. */
function checkNotes({ settings, intervalMs }: JudgeConfig, { kinds }: JudgeReport): readonly string[] {
  return kinds.flatMap(({ name, check }) => {
    if (check === undefined || !isRestless(check, settings.alpha)) return [];
    const seen = `single stable pods set off false alarms in ${check.shareAlarms} of ${check.trials} trials`;
    return [`${name}: ${seen}; give an interval that is longer than ${formatDuration(intervalMs)}`];
  });
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
