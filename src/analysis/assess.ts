import type { AnalysisPhase, MetricResult } from '../api/analysis-run.ts';
import type { Metric } from '../api/analysis-template.ts';

/** A limit that a metric has gone beyond: the phase it leads to, and why. */
export interface ExceededLimit {
  readonly phase: 'Error' | 'Inconclusive' | 'Failed';
  readonly message: string;
}

/**
 * Phase of a metric after its newest measurement. `terminating` says that no further measurement will be started: what
 * has not failed by then is Successful, which says nothing about evidence (see `passesGate`).
 */
export function assessMetric(metric: Metric, result: MetricResult, terminating: boolean): AnalysisPhase {
  if (isCompleted(result.phase)) return result.phase;
  const last = result.measurements?.at(-1);
  if (last === undefined) return terminating ? 'Successful' : 'Pending';
  if (!isCompleted(last.phase)) return 'Running';
  return exceededLimit(metric, result)?.phase ?? goalPhase(metric, result) ?? (terminating ? 'Successful' : 'Running');
}

/** Phase of a metric that has reached the number of successes, or of measurements, that it aims at. */
function goalPhase(metric: Metric, result: MetricResult): AnalysisPhase | undefined {
  const { consecutiveSuccess, failure } = limitsOf(metric);
  const hasSuccessLimit = consecutiveSuccess > 0;
  if (hasSuccessLimit && (result.consecutiveSuccess ?? 0) >= consecutiveSuccess) return 'Successful';
  const count = effectiveCount(metric);
  if (count === undefined || (result.count ?? 0) < count) return undefined;
  if (!hasSuccessLimit) return 'Successful';
  // Out of measurements with neither of two limits reached is no verdict; with the only limit not reached it is one.
  return failure >= 0 ? 'Inconclusive' : 'Failed';
}

/**
 * The limit that decides about a metric, if one is exceeded. Errors come before inconclusive results, and those before
 * failures.
 */
export function exceededLimit(metric: Metric, result: MetricResult): ExceededLimit | undefined {
  const limits = limitsOf(metric);
  const errors = result.consecutiveError ?? 0;
  if (errors > limits.consecutiveError) {
    return {
      phase: 'Error',
      message: `consecutiveErrors (${errors}) > consecutiveErrorLimit (${limits.consecutiveError})`,
    };
  }
  const inconclusive = result.inconclusive ?? 0;
  if (inconclusive > limits.inconclusive) {
    const message = `inconclusive (${inconclusive}) > inconclusiveLimit (${limits.inconclusive})`;
    return { phase: 'Inconclusive', message };
  }
  const failed = result.failed ?? 0;
  if (limits.failure < 0 || failed <= limits.failure) return undefined;
  return { phase: 'Failed', message: `failed (${failed}) > failureLimit (${limits.failure})` };
}

/** Number of measurements that a metric aims at; undefined when it goes on for ever. */
export function effectiveCount(metric: Metric): number | undefined {
  const count = wholeNumber(metric.count, 0);
  if (count > 0) return count;
  return (metric.interval ?? '') === '' ? 1 : undefined;
}

/** True for the phases that never change any more. */
export function isCompleted(phase: string): phase is 'Successful' | 'Failed' | 'Error' | 'Inconclusive' {
  return phase === 'Successful' || phase === 'Failed' || phase === 'Error' || phase === 'Inconclusive';
}

interface Limits {
  /** Negative: failures never end the metric. */
  readonly failure: number;
  readonly inconclusive: number;
  readonly consecutiveError: number;
  /** 0: no number of successes ends the metric. */
  readonly consecutiveSuccess: number;
}

const consecutiveErrorLimitDefault = 4;

function limitsOf(metric: Metric): Limits {
  return {
    failure: wholeNumber(metric.failureLimit, 0),
    inconclusive: wholeNumber(metric.inconclusiveLimit, 0),
    consecutiveError: wholeNumber(metric.consecutiveErrorLimit, consecutiveErrorLimitDefault),
    consecutiveSuccess: wholeNumber(metric.consecutiveSuccessLimit, 0),
  };
}

/** Numbers may be text, because arguments are put in as text. Validation has refused what is no whole number. */
function wholeNumber(value: number | string | undefined, absent: number): number {
  if (value === undefined) return absent;
  const number = typeof value === 'number' ? value : Number.parseInt(value, 10);
  return Number.isInteger(number) ? number : 0;
}
