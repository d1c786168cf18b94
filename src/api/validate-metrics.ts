import { parseDuration } from '../base/duration.ts';
import type { Metric } from './analysis-template.ts';
import { duplicate, invalid, required, type FieldErrors } from './field-error.ts';
import { optionalRecord, recordOf } from './json-access.ts';
import { metricProviderSchema, type MetricProvider } from './metric-provider.ts';
import { hasPlaceholder } from './placeholder.ts';

type Limit = 'failureLimit' | 'inconclusiveLimit' | 'consecutiveErrorLimit' | 'consecutiveSuccessLimit';

/** The least value of each limit; a failureLimit of -1 means that failures never end the metric. */
const limitMinima: Readonly<Record<Limit, number>> = {
  failureLimit: -1,
  inconclusiveLimit: 0,
  consecutiveErrorLimit: 0,
  consecutiveSuccessLimit: 0,
};

/** The providers that the Rollout API knows. */
export const metricProviderNames = Object.keys(
  recordOf(recordOf(metricProviderSchema)['properties']),
) as readonly (keyof MetricProvider)[];

/**
 * Checks the metrics of an analysis. Texts with placeholders are not looked into, so that a template can be checked
 * before its arguments are known; after they are filled in the same check sees everything.
 */
export function validateMetrics(metrics: readonly Metric[], field: string): FieldErrors {
  if (metrics.length === 0) return [required(field, 'an analysis needs at least one metric')];
  return metrics.flatMap((metric, index) => {
    const at = `${field}[${index}]`;
    const first = metrics.findIndex(({ name }) => name === metric.name);
    return [
      ...(first < index ? [duplicate(`${at}.name`, metric.name, `metrics[${first}] has this name already`)] : []),
      ...validateMetric(metric, at),
    ];
  });
}

/** Checks one metric. */
export function validateMetric(metric: Metric, field: string): FieldErrors {
  return [
    ...(metric.name === '' ? [required(`${field}.name`, 'each metric needs a name')] : []),
    ...validateProvider(metric, field),
    ...validateDurations(metric, field),
    ...validateNumbers(metric, field),
  ];
}

/** The number in count or in a limit: undefined when it is absent or not known before arguments are filled in. */
export function knownNumber(value: number | string | undefined): number | undefined {
  if (value === undefined || (typeof value === 'string' && hasPlaceholder(value))) return undefined;
  const number = Number(value);
  return Number.isInteger(number) && value !== '' ? number : undefined;
}

function validateProvider(metric: Metric, field: string): FieldErrors {
  const provider = optionalRecord(metric.provider) ?? {};
  const given = metricProviderNames.filter((name) => provider[name] !== undefined);
  const at = `${field}.provider`;
  if (given.length === 0) return [required(at, `give one of ${metricProviderNames.join(', ')}`)];
  if (given.length > 1)
    return [invalid(at, given.join(', '), 'a metric has one provider; split it into several metrics')];
  if (given[0] !== 'plugin') return [];
  const plugins = Object.keys(recordOf(provider['plugin']));
  return plugins.length === 1
    ? []
    : [invalid(`${at}.plugin`, plugins.join(', '), 'name exactly one plug-in, with its configuration below')];
}

function validateDurations(metric: Metric, field: string): FieldErrors {
  return (['interval', 'initialDelay'] as const).flatMap((name) => {
    const text = metric[name] ?? '';
    if (text === '' || hasPlaceholder(text)) return [];
    const duration = parseDuration(text);
    if (!duration.ok) return [invalid(`${field}.${name}`, text, duration.error)];
    return duration.value < 0 ? [invalid(`${field}.${name}`, text, 'it must not be negative')] : [];
  });
}

function validateNumbers(metric: Metric, field: string): FieldErrors {
  const names = ['count', ...(Object.keys(limitMinima) as Limit[])] as const;
  return [
    ...names.flatMap((name) => {
      const value = metric[name];
      if (value === undefined || (typeof value === 'string' && hasPlaceholder(value))) return [];
      const number = knownNumber(value);
      const minimum = name === 'count' ? 0 : limitMinima[name];
      if (number === undefined) return [invalid(`${field}.${name}`, value, 'it must be a whole number')];
      return number < minimum ? [invalid(`${field}.${name}`, value, `it must be ${minimum} or more`)] : [];
    }),
    ...validateCount(metric, field),
  ];
}

/** A limit that count can never reach would never decide anything. */
function validateCount(metric: Metric, field: string): FieldErrors {
  const count = knownNumber(metric.count) ?? 0;
  if (count <= 0) return [];
  const at = `${field}.count`;
  const failures = limitOf(metric, 'failureLimit');
  const successes = limitOf(metric, 'consecutiveSuccessLimit');
  const inconclusive = limitOf(metric, 'inconclusiveLimit');
  const needed = Math.max(failures, 0) + Math.max(successes, 0);
  return [
    ...(count < needed
      ? [invalid(at, count, `it must be at least failureLimit + consecutiveSuccessLimit (${failures} + ${successes})`)]
      : []),
    ...(count < inconclusive ? [invalid(at, count, `it must be at least inconclusiveLimit (${inconclusive})`)] : []),
    ...(count > 1 && (metric.interval ?? '') === ''
      ? [required(`${field}.interval`, `count is ${count}, so say how long to wait between two measurements`)]
      : []),
  ];
}

function limitOf(metric: Metric, name: Limit): number {
  return knownNumber(metric[name]) ?? 0;
}
