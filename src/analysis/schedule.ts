import type { Measurement, MetricResult } from '../api/analysis-run.ts';
import type { Metric } from '../api/analysis-template.ts';
import { parseDuration } from '../base/duration.ts';
import { parseInstant } from '../base/instant.ts';
import { effectiveCount, isCompleted } from './assess.ts';

/** After an error a metric is measured again this much later, whatever its interval is. */
export const errorRetryMs = 10_000;

/** What the times of measurements are found from. */
export interface ScheduleFacts {
  readonly metrics: readonly Metric[];
  readonly results: readonly MetricResult[];
  /** When the run started; undefined before. */
  readonly startedAtMs: number | undefined;
  /** No new measurement is started; running ones are ended. */
  readonly terminating: boolean;
}

/** A measurement that is due. */
export interface DueMeasurement {
  readonly metric: Metric;
  /** `resume` and `terminate` go on with the newest measurement of the metric. */
  readonly kind: 'start' | 'resume' | 'terminate';
}

/** The measurements that are due now, in the order of the metrics. */
export function dueMeasurements(facts: ScheduleFacts, nowMs: number): readonly DueMeasurement[] {
  return facts.metrics.flatMap((metric) => {
    const result = facts.results.find(({ name }) => name === metric.name);
    if (result !== undefined && isCompleted(result.phase)) return [];
    const last = result?.measurements?.at(-1);
    if (last !== undefined && !isCompleted(last.phase)) return dueOngoing(metric, last, facts, nowMs);
    if (facts.terminating) return [];
    const due = last === undefined ? isFirstDue(metric, facts, nowMs) : isNextDue(metric, result, last, nowMs);
    return due ? [{ metric, kind: 'start' }] : [];
  });
}

/**
 * When the next measurement is due; undefined when nothing is to be waited for. Measurements of one metric are due only
 * strictly after this time, the first one at it.
 */
export function nextDueAt(facts: ScheduleFacts, nowMs: number): number | undefined {
  const times = facts.metrics.flatMap((metric) => {
    const result = facts.results.find(({ name }) => name === metric.name);
    if (result !== undefined && isCompleted(result.phase)) return [];
    const last = result?.measurements?.at(-1);
    const time = last === undefined ? firstDueAt(metric, facts, nowMs) : followingDueAt(metric, result, last);
    return time === undefined ? [] : [time];
  });
  return times.length === 0 ? undefined : Math.min(...times);
}

function dueOngoing(metric: Metric, last: Measurement, facts: ScheduleFacts, nowMs: number): readonly DueMeasurement[] {
  if (facts.terminating) return [{ metric, kind: 'terminate' }];
  const resumeAt = resumeAtOf(last);
  return resumeAt === undefined || nowMs > resumeAt ? [{ metric, kind: 'resume' }] : [];
}

function isFirstDue(metric: Metric, facts: ScheduleFacts, nowMs: number): boolean {
  if ((metric.initialDelay ?? '') === '') return true;
  const dueAt = facts.startedAtMs === undefined ? undefined : firstDueAt(metric, facts, nowMs);
  return dueAt !== undefined && nowMs >= dueAt;
}

function isNextDue(metric: Metric, result: MetricResult | undefined, last: Measurement, nowMs: number): boolean {
  if (isCountReached(metric, result)) return false;
  const intervalMs = last.phase === 'Error' ? errorRetryMs : durationMs(metric.interval, errorRetryMs);
  const finishedAt = parseInstant(last.finishedAt ?? '') ?? nowMs;
  return intervalMs !== undefined && nowMs > finishedAt + intervalMs;
}

function firstDueAt(metric: Metric, facts: ScheduleFacts, nowMs: number): number | undefined {
  if ((metric.initialDelay ?? '') === '') return undefined;
  const delayMs = durationMs(metric.initialDelay, 0);
  return delayMs === undefined ? undefined : (facts.startedAtMs ?? nowMs) + delayMs;
}

function followingDueAt(metric: Metric, result: MetricResult | undefined, last: Measurement): number | undefined {
  if (!isCompleted(last.phase)) return resumeAtOf(last);
  if (isCountReached(metric, result)) return undefined;
  const finishedAt = parseInstant(last.finishedAt ?? '');
  const intervalMs = last.phase === 'Error' ? errorRetryMs : durationMs(metric.interval, undefined);
  return finishedAt === undefined || intervalMs === undefined ? undefined : finishedAt + intervalMs;
}

function resumeAtOf(measurement: Measurement): number | undefined {
  return parseInstant(measurement.resumeAt ?? '');
}

function isCountReached(metric: Metric, result: MetricResult | undefined): boolean {
  const count = effectiveCount(metric);
  return count !== undefined && (result?.count ?? 0) >= count;
}

/** Undefined when the text is no duration; validation has refused such a run. */
function durationMs<Absent extends number | undefined>(
  text: string | undefined,
  absent: Absent,
): number | Absent | undefined {
  if (text === undefined || text === '') return absent;
  const duration = parseDuration(text);
  return duration.ok ? duration.value : undefined;
}
