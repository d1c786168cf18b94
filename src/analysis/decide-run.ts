import type { AnalysisRun, AnalysisRunStatus, Measurement, MetricResult } from '../api/analysis-run.ts';
import type { Metric } from '../api/analysis-template.ts';
import { validateAnalysisRun } from '../api/validate-analysis.ts';
import { formatInstant, parseInstant } from '../base/instant.ts';
import { fail, succeed, type Result } from '../base/result.ts';
import { assessRun, isTerminating } from './assess-run.ts';
import { isCompleted } from './assess.ts';
import { dryRunNames, retainMeasurements } from './metric-rules.ts';
import { recordMeasurement, type MeasurementReport } from './record-measurement.ts';
import { type ArgumentValues, redact, resolveArguments } from './resolve-arguments.ts';
import { runEvents, type RunEvent } from './run-events.ts';
import { type DueMeasurement, dueMeasurements, nextDueAt, type ScheduleFacts } from './schedule.ts';
import { substituteArguments } from './substitute-arguments.ts';
import { expiresAt } from './time-to-live.ts';

/** What a run is decided from, besides the run itself and the time. */
export interface RunInput {
  /** Rounds of measuring that have come back since the last decision, oldest first. */
  readonly reports: readonly MeasurementReport[];
  /** Names of the metrics for which a round is under way; no second one is asked for. */
  readonly inFlight: ReadonlySet<string>;
  /** Values of the Secrets that the arguments name, by `secretKey`. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** What is to be done about a run. */
export interface RunDecision {
  /** The whole next status. Writing it comes first: a verdict that is not stored is none. */
  readonly status: AnalysisRunStatus;
  /**
   * Rounds of measuring to begin. Metrics have their arguments filled in, Secrets included: they go to providers only.
   */
  readonly measurements: readonly RunMeasurement[];
  /** In milliseconds since the epoch; undefined when only a report or a change of the run matters. */
  readonly lookAgainAt: number | undefined;
  readonly events: readonly RunEvent[];
  /** The run has lived as long as its ttlStrategy allows. */
  readonly expired: boolean;
}

/** A round of measuring to begin. */
export interface RunMeasurement extends DueMeasurement {
  /** What is known of the metric, with the measurement to go on with as its newest one; undefined before the first. */
  readonly result: MetricResult | undefined;
}

/**
 * Decides about a run: takes in what was measured, assesses the metrics and the run, and says what to measure next. It
 * is pure and total; a run that cannot be used ends in phase Error with a message. A metric that fails ends the run in
 * the same decision, and running measurements of other metrics are asked to end.
 */
export function decideRun(run: AnalysisRun, nowMs: number, input: RunInput): RunDecision {
  const before: AnalysisRunStatus = run.status ?? { phase: '' };
  if (isCompleted(before.phase)) return decideCompleted(run, before, nowMs);
  const prepared = prepareRun(run, input.secrets);
  if (!prepared.ok) return refuse(before, prepared.error);
  const { metrics, secrets } = prepared.value;
  const dryRun = dryRunNames({ ...run.spec, metrics });
  const recorded = recordReports(metrics, before.metricResults ?? [], input.reports, dryRun, secrets);
  const terminate = run.spec.terminate === true;
  const assessment = settle({ metrics, results: recorded, dryRun, terminate });
  const results = assessment.results.map((result) => retainMeasurements({ ...run.spec, metrics }, result));
  const isOver = isCompleted(assessment.phase);
  const status: AnalysisRunStatus = {
    phase: assessment.phase,
    ...(assessment.message === '' ? {} : { message: assessment.message }),
    ...(results.length === 0 ? {} : { metricResults: results }),
    startedAt: before.startedAt ?? formatInstant(nowMs),
    ...(isOver ? { completedAt: formatInstant(nowMs) } : {}),
    runSummary: assessment.runSummary,
    dryRunSummary: assessment.dryRunSummary,
  };
  const events = runEvents(before, status);
  if (isOver) return { ...decideCompleted(run, status, nowMs), events };
  const facts: ScheduleFacts = {
    metrics,
    results,
    startedAtMs: parseInstant(status.startedAt ?? ''),
    terminating: isTerminating(terminate, results),
  };
  return { status, events, expired: false, ...schedule(facts, nowMs, input.inFlight) };
}

/** The metrics of a run with their arguments filled in; fails with what is wrong with the specification. */
export function prepareRun(
  { spec }: AnalysisRun,
  secrets: ReadonlyMap<string, string>,
): Result<Pick<ArgumentValues, 'secrets'> & { readonly metrics: readonly Metric[] }, string> {
  const resolved = resolveArguments(spec.args ?? [], secrets);
  if (!resolved.ok) return fail(`Unable to resolve metric arguments: ${resolved.error}`);
  const metrics: Metric[] = [];
  for (const metric of spec.metrics) {
    const filled = substituteArguments(metric, resolved.value.values);
    if (!filled.ok) return fail(`Unable to resolve metric arguments: metric "${metric.name}": ${filled.error}`);
    metrics.push(filled.value);
  }
  const [problem] = validateAnalysisRun({ ...spec, metrics });
  if (problem === undefined) return succeed({ metrics, secrets: resolved.value.secrets });
  return fail(`Analysis spec invalid: ${redact(`${problem.field}: ${problem.detail}`, resolved.value.secrets)}`);
}

/** Adds reports to the results; those of metrics that are not there or have ended are dropped. */
export function recordReports(
  metrics: readonly Metric[],
  before: readonly MetricResult[],
  reports: readonly MeasurementReport[],
  dryRun: ReadonlySet<string>,
  secrets: readonly string[] = [],
): readonly MetricResult[] {
  const results = new Map(before.map((result) => [result.name, result] as const));
  for (const report of reports) {
    const metric = metrics.find(({ name }) => name === report.metric);
    const known = results.get(report.metric);
    if (metric === undefined || (known !== undefined && isCompleted(known.phase))) continue;
    const result = recordMeasurement(metric, known, report, dryRun.has(metric.name));
    results.set(metric.name, redactResult(result, secrets));
  }
  const known = metrics.flatMap(({ name }) => results.get(name) ?? []);
  return [...known, ...before.filter(({ name }) => !metrics.some((metric) => metric.name === name))];
}

/** A metric that ends badly lets the others end too, which the next assessment finds. Two are always enough. */
function settle(facts: Parameters<typeof assessRun>[0]): ReturnType<typeof assessRun> {
  const first = assessRun(facts);
  return isCompleted(first.phase) ? first : assessRun({ ...facts, results: first.results });
}

function schedule(
  facts: ScheduleFacts,
  nowMs: number,
  inFlight: ReadonlySet<string>,
): Pick<RunDecision, 'measurements' | 'lookAgainAt'> {
  const due = dueMeasurements(facts, nowMs).filter(({ metric }) => !inFlight.has(metric.name));
  const measurements = due.map((one) => ({
    ...one,
    result: facts.results.find(({ name }) => name === one.metric.name),
  }));
  // What is being measured, or is about to be, reports by itself.
  const busy = new Set([...inFlight, ...due.map(({ metric }) => metric.name)]);
  const waiting = { ...facts, metrics: facts.metrics.filter(({ name }) => !busy.has(name)) };
  const dueAt = nextDueAt(waiting, nowMs);
  // Some measurements are due strictly after their time.
  return { measurements, lookAgainAt: dueAt === undefined ? undefined : Math.max(dueAt, nowMs) + 1 };
}

function decideCompleted(run: AnalysisRun, status: AnalysisRunStatus, nowMs: number): RunDecision {
  const expiryMs = expiresAt(run.spec, status);
  const expired = expiryMs !== undefined && nowMs >= expiryMs;
  return { status, measurements: [], lookAgainAt: expired ? undefined : expiryMs, events: [], expired };
}

function refuse(before: AnalysisRunStatus, message: string): RunDecision {
  const status: AnalysisRunStatus = { ...before, phase: 'Error', message, runSummary: before.runSummary ?? {} };
  return { status, measurements: [], lookAgainAt: undefined, events: runEvents(before, status), expired: false };
}

function redactResult(result: MetricResult, secrets: readonly string[]): MetricResult {
  if (secrets.length === 0) return result;
  const { measurements = [], metadata } = result;
  const last = measurements.at(-1);
  return {
    ...result,
    ...(metadata === undefined ? {} : { metadata: redactAll(metadata, secrets) }),
    ...(last === undefined ? {} : { measurements: [...measurements.slice(0, -1), redactMeasurement(last, secrets)] }),
  };
}

function redactMeasurement(measurement: Measurement, secrets: readonly string[]): Measurement {
  const { value, message, metadata } = measurement;
  return {
    ...measurement,
    ...(value === undefined ? {} : { value: redact(value, secrets) }),
    ...(message === undefined ? {} : { message: redact(message, secrets) }),
    ...(metadata === undefined ? {} : { metadata: redactAll(metadata, secrets) }),
  };
}

function redactAll(texts: Readonly<Record<string, string>>, secrets: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, redact(text, secrets)]));
}
