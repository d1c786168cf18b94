import type { Measurement, MetricResult } from '../api/analysis-run.ts';
import type { Metric } from '../api/analysis-template.ts';
import { formatInstant } from '../base/instant.ts';
import { isCompleted } from './assess.ts';
import type { ConditionVerdict } from './condition.ts';
import type { Value } from './expression/value.ts';
import { judgeSample } from './judge-sample.ts';
import { resultText } from './result-text.ts';
import { errorRetryMs } from './schedule.ts';

/** What a round of measuring amounts to; the outcomes of metric providers have this form. */
export type MeasurementOutcome =
  /** The measured value, for the conditions of the metric to judge. */
  | { readonly kind: 'sample'; readonly value: Value }
  /** There was nothing to measure. Conditions see the value, null when absent. */
  | { readonly kind: 'noData'; readonly reason: string; readonly value?: Value }
  | { readonly kind: 'error'; readonly message: string }
  /** The measurement goes on, and is looked at again at `resumeAtMs`. */
  | {
      readonly kind: 'observing';
      readonly resumeAtMs?: number;
      readonly value?: string;
      readonly message?: string;
    }
  /** The provider has judged by itself. */
  | {
      readonly kind: 'verdict';
      readonly phase: 'Successful' | 'Failed' | 'Inconclusive';
      readonly value?: string;
      readonly message?: string;
    };

/** A round of measuring that has come back. */
export interface MeasurementReport {
  /** Name of the metric. */
  readonly metric: string;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly outcome: MeasurementOutcome;
  /** Kept with the measurement, e.g. the name of its Job. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Kept with the metric: what a provider needs to go on after a restart, and the evidence it has so far. */
  readonly metricMetadata?: Readonly<Record<string, string>>;
}

/** Message of a measurement that was ended before it had a result. */
export const terminatedMessage = 'Metric Terminated';

/** Outcome of a measurement that is ended before it has one. A Job that was stopped shows nothing at all. */
export function terminationOutcome(metric: Metric): MeasurementOutcome {
  const phase = metric.provider.job === undefined ? 'Successful' : 'Inconclusive';
  return { kind: 'verdict', phase, message: terminatedMessage };
}

/** UTF-16 units of a value or message that are kept in the status; a run holds ten measurements of each metric. */
const textLengthMax = 1_024;

/** Adds a report to what is known of its metric: the measurement it begins or goes on with, and the totals. */
export function recordMeasurement(
  metric: Metric,
  before: MetricResult | undefined,
  report: MeasurementReport,
  isDryRun: boolean,
): MetricResult {
  const result: MetricResult = before ?? { name: metric.name, phase: 'Running', ...(isDryRun ? { dryRun: true } : {}) };
  const earlier = result.measurements ?? [];
  const last = earlier.at(-1);
  const isContinued = last !== undefined && !isCompleted(last.phase);
  const measurement = measurementOf(metric, isContinued ? last : undefined, report);
  return {
    ...withoutZeros({ ...result, ...totals(result, measurement) }),
    ...(report.metricMetadata === undefined ? {} : { metadata: report.metricMetadata }),
    measurements: [...(isContinued ? earlier.slice(0, -1) : earlier), measurement],
  };
}

function measurementOf(metric: Metric, ongoing: Measurement | undefined, report: MeasurementReport): Measurement {
  const { phase, value, message, resumeAtMs } = judgement(metric, report);
  const metadata = report.metadata ?? ongoing?.metadata;
  return {
    phase,
    startedAt: ongoing?.startedAt ?? formatInstant(report.startedAtMs),
    ...(phase === 'Running' ? {} : { finishedAt: formatInstant(report.finishedAtMs) }),
    ...(resumeAtMs === undefined ? {} : { resumeAt: formatInstant(Math.ceil(resumeAtMs / 1000) * 1000) }),
    ...(value === '' ? {} : { value: shortened(value) }),
    ...(message === '' ? {} : { message: shortened(message) }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

interface Judgement {
  readonly phase: string;
  readonly value: string;
  readonly message: string;
  readonly resumeAtMs?: number;
}

function judgement(metric: Metric, { outcome, finishedAtMs, metadata }: MeasurementReport): Judgement {
  switch (outcome.kind) {
    case 'sample':
      return judged(outcome.value, judgeSample(metric, outcome.value, finishedAtMs), metadata);
    case 'noData': {
      const { value, reason } = outcome;
      return judged(value, judgeSample(metric, value ?? null, finishedAtMs, reason), metadata);
    }
    case 'error':
      return { phase: 'Error', value: '', message: outcome.message };
    case 'verdict':
      return { phase: outcome.phase, value: outcome.value ?? '', message: outcome.message ?? '' };
    case 'observing':
      return {
        phase: 'Running',
        value: outcome.value ?? '',
        message: outcome.message ?? '',
        // Without a time nobody would ever look at it again.
        resumeAtMs: outcome.resumeAtMs ?? finishedAtMs + errorRetryMs,
      };
  }
}

/** What a source warns of may be why the result is bad. */
function judged(
  value: Value | undefined,
  { phase, message }: ConditionVerdict,
  metadata: MeasurementReport['metadata'] = {},
): Judgement {
  const warnings = phase === 'Successful' ? undefined : metadata['warnings'];
  const parts = [message, warnings === undefined ? '' : `the source warns: ${warnings}`];
  return {
    phase,
    value: value === undefined ? '' : resultText(value),
    message: parts.filter((part) => part !== '').join('; '),
  };
}

/** The totals that a completed measurement changes. Errors are counted apart: they are no measurements. */
function totals(result: MetricResult, { phase }: Measurement): Partial<MetricResult> {
  const count = (result.count ?? 0) + 1;
  const unbroken = { consecutiveError: 0, consecutiveSuccess: 0 };
  switch (phase) {
    case 'Successful': {
      const consecutiveSuccess = (result.consecutiveSuccess ?? 0) + 1;
      return { ...unbroken, count, successful: (result.successful ?? 0) + 1, consecutiveSuccess };
    }
    case 'Failed':
      return { ...unbroken, count, failed: (result.failed ?? 0) + 1 };
    case 'Inconclusive':
      return { ...unbroken, count, inconclusive: (result.inconclusive ?? 0) + 1 };
    case 'Error': {
      const consecutiveError = (result.consecutiveError ?? 0) + 1;
      return { ...unbroken, error: (result.error ?? 0) + 1, consecutiveError };
    }
    default:
      return {};
  }
}

/** Clients expect totals of zero to be absent. */
function withoutZeros(result: MetricResult): MetricResult {
  const entries = Object.entries(result).filter(([, value]) => value !== 0);
  return { ...Object.fromEntries(entries), name: result.name, phase: result.phase };
}

function shortened(text: string): string {
  return text.length <= textLengthMax ? text : `${text.slice(0, textLengthMax - 1).toWellFormed()}…`;
}
