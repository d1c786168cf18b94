import { assessRun, isTerminating } from '../../src/analysis/assess-run.ts';
import { assessMetric, effectiveCount, exceededLimit, isCompleted } from '../../src/analysis/assess.ts';
import { prepareRun, recordReports } from '../../src/analysis/decide-run.ts';
import type { Value } from '../../src/analysis/expression/value.ts';
import { dryRunNames, retainMeasurements } from '../../src/analysis/metric-rules.ts';
import {
  type MeasurementOutcome,
  type MeasurementReport,
  terminationOutcome,
} from '../../src/analysis/record-measurement.ts';
import { type DueMeasurement, dueMeasurements, nextDueAt, type ScheduleFacts } from '../../src/analysis/schedule.ts';
import type { AnalysisRunSpec, Measurement, MetricResult } from '../../src/api/analysis-run.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import { formatInstant, parseInstant } from '../../src/base/instant.ts';

/** Second 0 of a play. */
const epoch = Date.UTC(2024, 0, 1, 12);
const passesMaxDefault = 15;

interface Outcome {
  readonly phase?: string;
  readonly message?: string;
  readonly result?: unknown;
  readonly resumeAfterSeconds?: number;
}

/** The input of a case of analysis-assess.json. */
export type AnalysisInput =
  | { readonly kind: 'assess'; readonly metric: Metric; readonly result: MetricResult; readonly terminating: boolean }
  | {
      readonly kind: 'run';
      readonly spec: AnalysisRunSpec;
      readonly script: Readonly<Record<string, readonly Outcome[]>>;
      readonly terminateAfterPass?: number;
      readonly maxPasses?: number;
    }
  | {
      readonly kind: 'schedule';
      readonly metrics: readonly Metric[];
      readonly metricResults: readonly (Omit<MetricResult, 'measurements'> & {
        readonly measurements: readonly object[];
      })[];
      readonly startedAt?: number;
      readonly terminate: boolean;
    };

/** Runs a case of analysis-assess.json on our functions and answers in the shape of the file. */
export function runAnalysis(input: AnalysisInput): object {
  switch (input.kind) {
    case 'assess':
      return assessCase(input);
    case 'schedule':
      return scheduleCase(input);
    case 'run':
      return new Play(input).run();
  }
}

function assessCase({ metric, result, terminating }: AnalysisInput & { kind: 'assess' }): object {
  const limit = exceededLimit(metric, result);
  return {
    effectiveCount: effectiveCount(metric) ?? null,
    limitMessage: limit?.message ?? '',
    limitPhase: limit?.phase ?? '',
    phase: assessMetric(metric, result, terminating),
  };
}

function scheduleCase(input: AnalysisInput & { kind: 'schedule' }): object {
  const instant = (value: unknown): unknown =>
    typeof value === 'number' ? formatInstant(epoch + value * 1000) : value;
  const results = input.metricResults.map(({ measurements, ...result }) => ({
    ...result,
    measurements: measurements.map((measurement) =>
      Object.fromEntries(Object.entries(measurement).map(([key, value]) => [key, instant(value)])),
    ),
  })) as unknown as readonly MetricResult[];
  const facts: ScheduleFacts = {
    metrics: input.metrics,
    results,
    startedAtMs: input.startedAt === undefined ? undefined : epoch + input.startedAt * 1000,
    terminating: isTerminating(input.terminate, results),
  };
  const next = nextDueAt(facts, epoch);
  return {
    measureNow: dueMeasurements(facts, epoch).map(({ metric, kind }) => ({
      metric: metric.name,
      ...(kind === 'start' ? {} : { resume: true }),
    })),
    nextPass: next === undefined ? null : (next - epoch) / 1000,
  };
}

/** A run played through pass by pass, each of them as the reference makes it: measure, record, assess once. */
class Play {
  readonly #input: AnalysisInput & { kind: 'run' };
  readonly #calls = new Map<string, number>();
  #nowMs = epoch;
  #terminate = false;
  #results: readonly MetricResult[] = [];

  constructor(input: AnalysisInput & { kind: 'run' }) {
    this.#input = input;
  }

  run(): object {
    const { spec, maxPasses = passesMaxDefault } = this.#input;
    const prepared = prepareRun({ apiVersion: '', kind: '', metadata: { name: 'run' }, spec }, new Map());
    if (!prepared.ok) return refused(prepared.error);
    const passes: object[] = [];
    for (;;) {
      const { shown, assessment, next } = this.#pass(prepared.value.metrics);
      const isOver = isCompleted(assessment.phase);
      const isTerminatedNow = passes.length + 1 === this.#input.terminateAfterPass;
      passes.push(isOver || isTerminatedNow ? shown : { ...shown, next });
      const hasNext = !isOver && passes.length < maxPasses && this.#advance(next, isTerminatedNow);
      if (!hasNext) return { passes, final: this.#final(assessment, isOver) };
    }
  }

  /** Moves the clock to the next pass; false when there is none. */
  #advance(next: number | null, isTerminatedNow: boolean): boolean {
    if (isTerminatedNow) {
      this.#terminate = true;
      this.#nowMs += 1000;
      return true;
    }
    if (next === null) return false;
    this.#nowMs = epoch + (next + 1) * 1000;
    return true;
  }

  #pass(metrics: readonly Metric[]): {
    readonly shown: object;
    readonly assessment: ReturnType<typeof assessRun>;
    readonly next: number | null;
  } {
    const { spec } = this.#input;
    const dryRun = dryRunNames({ ...spec, metrics });
    const due = dueMeasurements(this.#facts(metrics), this.#nowMs);
    const reports = due.map((one) => this.#measure(one));
    const recorded = recordReports(metrics, this.#results, reports, dryRun);
    const assessment = assessRun({ metrics, results: recorded, dryRun, terminate: this.#terminate });
    this.#results = assessment.results.map((result) => retainMeasurements({ ...spec, metrics }, result));
    const next = nextDueAt(this.#facts(metrics), this.#nowMs);
    return {
      assessment,
      next: next === undefined ? null : (next - epoch) / 1000,
      shown: {
        at: this.#seconds(),
        measured: due.map(({ metric, kind }) => (kind === 'start' ? metric.name : `${kind} ${metric.name}`)),
        ...(assessment.message === '' ? {} : { message: assessment.message }),
        metrics: Object.fromEntries(this.#results.map(({ name, phase }) => [name, phase])),
        phase: assessment.phase,
      },
    };
  }

  #facts(metrics: readonly Metric[]): ScheduleFacts {
    const terminating = isTerminating(this.#terminate, this.#results);
    // The reference notes the start in its first pass, after it has looked for what is due.
    return { metrics, results: this.#results, startedAtMs: epoch, terminating };
  }

  #measure({ metric, kind }: DueMeasurement): MeasurementReport {
    const outcome = kind === 'terminate' ? terminationOutcome(metric) : this.#scripted(metric);
    return { metric: metric.name, startedAtMs: this.#nowMs, finishedAtMs: this.#nowMs, outcome };
  }

  #scripted({ name }: Metric): MeasurementOutcome {
    const outcomes = this.#input.script[name] ?? [];
    const call = this.#calls.get(name) ?? 0;
    this.#calls.set(name, call + 1);
    const outcome = outcomes[Math.min(call, outcomes.length - 1)];
    if (outcome === undefined) return { kind: 'error', message: 'no provider' };
    return toOutcome(outcome, this.#nowMs);
  }

  #seconds(): number {
    return (this.#nowMs - epoch) / 1000;
  }

  #final(assessment: ReturnType<typeof assessRun>, isOver: boolean): object {
    return {
      ...(isOver ? { completedAt: this.#seconds() } : {}),
      dryRunSummary: assessment.dryRunSummary,
      message: assessment.message,
      metricResults: Object.fromEntries(this.#results.map((result) => [result.name, shownResult(result)])),
      phase: assessment.phase,
      runSummary: assessment.runSummary,
    };
  }
}

function toOutcome({ phase, message = '', result, resumeAfterSeconds }: Outcome, nowMs: number): MeasurementOutcome {
  switch (phase) {
    case undefined:
      return { kind: 'sample', value: (result ?? null) as Value };
    case 'Error':
      return { kind: 'error', message };
    case 'Running':
      return {
        kind: 'observing',
        ...(resumeAfterSeconds === undefined ? {} : { resumeAtMs: nowMs + resumeAfterSeconds * 1000 }),
      };
    default:
      return { kind: 'verdict', phase: phase as 'Successful' | 'Failed' | 'Inconclusive', message };
  }
}

function refused(message: string): object {
  return {
    passes: [{ at: 0, measured: [], message, metrics: {}, phase: 'Error' }],
    final: { message, metricResults: {}, phase: 'Error', runSummary: {} },
  };
}

function shownResult(result: MetricResult): object {
  const { name: _, metadata: __, measurements = [], ...rest } = result;
  const zero = {
    consecutiveError: 0,
    consecutiveSuccess: 0,
    count: 0,
    error: 0,
    failed: 0,
    inconclusive: 0,
    successful: 0,
  };
  return { ...zero, dryRun: false, message: '', ...rest, measurements: measurements.map(shownMeasurement) };
}

function shownMeasurement(measurement: Measurement): object {
  const seconds = (text: string | undefined): number | undefined => {
    const instant = parseInstant(text ?? '');
    return instant === undefined ? undefined : (instant - epoch) / 1000;
  };
  const { startedAt, finishedAt, resumeAt, ...rest } = measurement;
  const times = { startedAt: seconds(startedAt), finishedAt: seconds(finishedAt), resumeAt: seconds(resumeAt) };
  return { ...rest, ...Object.fromEntries(Object.entries(times).filter(([, time]) => time !== undefined)) };
}
