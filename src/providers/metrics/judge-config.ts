import type { BadEventRule } from '../../analysis/judge/bad-events.ts';
import type { BadEventKind, JudgeSettings } from '../../analysis/judge/judge-settings.ts';
import { parsePattern, parseSeriesSelector, type SeriesSelector } from '../../analysis/judge/series-selector.ts';
import type { FieldErrors } from '../../api/field-error.ts';
import type { Json } from '../../api/object.ts';
import { anyValue, boolean, intOrString, object, stringEnum, text } from '../../api/schema.ts';
import { formatDuration } from '../../base/duration.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from './config-reader.ts';

/** Schema of `sluice.dev/judge`. Numbers with a fraction may be written as text too, so that arguments can
 * be put in; a structural schema has no type for that, so `parseJudgeConfig` checks them. */
export const judgeSchema = object(
  {},
  {
    source: stringEnum(['scrape']),
    port: intOrString,
    path: text,
    requests: object({}, { metric: text, statusLabel: text, bad: text }),
    latency: object({ boundarySeconds: anyValue }, { metric: text, acceptableRatio: anyValue }),
    restarts: boolean,
    ratio: anyValue,
    alpha: anyValue,
    beta: anyValue,
    acceptableRatio: anyValue,
    rollbackTest: stringEnum(['share', 'independent']),
    promoteTest: stringEnum(['requests', 'intervals']),
    interval: text,
    warmup: text,
    deadline: text,
    staleAfter: text,
  },
);

/** The configuration with defaults filled in. Durations are in milliseconds. */
export interface JudgeConfig {
  /** Absent: the port of each pod. */
  readonly port: number | undefined;
  readonly path: string;
  readonly rules: readonly BadEventRule[];
  readonly settings: JudgeSettings;
  readonly intervalMs: number;
  /** Counts within this time after the start of the observation or of a pod are left out. */
  readonly warmupMs: number;
  /** After this time without proof the observation is inconclusive. Absent: a background run without one of its own. */
  readonly deadlineMs: { readonly inline: number; readonly background: number | undefined };
  /** After this time in which no pod of one side could be read the observation is inconclusive. */
  readonly staleAfterMs: number;
  /** Fields that mean nothing here. They are reported and otherwise ignored. */
  readonly unknownFields: readonly string[];
}

/**
 * Request counters that services commonly have: of hand-written code, client libraries, Micrometer and OpenTelemetry.
 */
const commonRequestMetrics: readonly string[] = [
  'http_requests_total',
  'http_server_requests_total',
  'http_server_requests_seconds_count',
  'http_server_request_duration_seconds_count',
  'http_request_duration_seconds_count',
  'http_server_duration_milliseconds_count',
];

const commonLatencyMetrics: readonly string[] = [
  'http_request_duration_seconds',
  'http_server_request_duration_seconds',
  'http_server_requests_seconds',
  'http_server_duration_milliseconds',
];

const commonStatusLabels: readonly string[] = [
  'code',
  'status',
  'status_code',
  'http_response_status_code',
  'http_status_code',
  'response_code',
];

/**
 * How much of the attention each kind gets. Gross errors are found within 12 looks as long as their part is at least
 * 0.48.
 */
const weights = { errors: 0.6, latency: 0.3, restarts: 0.1 };

const hourMs = 3_600_000;
const deadlineMsDefault = hourMs;

/** Reads the configuration; every mistake is named with its field, its value, and what would be right. */
export function parseJudgeConfig(configuration: Json): Result<JudgeConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  fields.choice('source', ['scrape'], 'scrape');
  const acceptableRatio = fields.number('acceptableRatio', { more: 0, less: 1, initial: 0.01 });
  const latency = readLatency(fields, acceptableRatio);
  const rules = [readErrors(fields), ...(latency === undefined ? [] : [latency.rule])];
  const restarts = fields.flag('restarts', true);
  const deadline = fields.duration('deadline', { minMs: 1000, maxMs: 30 * 24 * hourMs, initialMs: deadlineMsDefault });
  const config = {
    port: fields.has('port') ? fields.integer('port', { min: 1, max: 65_535, initial: 80 }) : undefined,
    path: fields.urlPath('path', '/metrics'),
    rules,
    settings: readSettings(fields, kindsOf(acceptableRatio, latency?.acceptableRatio, restarts)),
    intervalMs: fields.duration('interval', { minMs: 100, maxMs: hourMs, initialMs: 1000 }),
    warmupMs: fields.duration('warmup', { minMs: 0, maxMs: 24 * hourMs, initialMs: 0 }),
    deadlineMs: { inline: deadline, background: fields.has('deadline') ? deadline : undefined },
    staleAfterMs: fields.duration('staleAfter', { minMs: 1000, maxMs: 24 * hourMs, initialMs: 5 * 60_000 }),
  };
  if (config.warmupMs >= deadline) {
    fields.contradict('warmup', `it must be shorter than the deadline of ${formatDuration(deadline)}`);
  }
  const errors = fields.errors();
  return errors.length === 0 ? succeed({ ...config, unknownFields: fields.unknownFields() }) : fail(errors);
}

function readSettings(fields: ConfigReader, kinds: readonly BadEventKind[]): JudgeSettings {
  return {
    ratio: fields.number('ratio', { min: 1, max: 100, initial: 1.5 }),
    alpha: fields.number('alpha', { more: 0, max: 0.5, initial: 0.01 }),
    beta: fields.number('beta', { more: 0, max: 0.5, initial: 0.05 }),
    rollbackTest: fields.choice('rollbackTest', ['share', 'independent'], 'share'),
    promoteTest: fields.choice('promoteTest', ['requests', 'intervals'], 'requests'),
    kinds,
  };
}

function kindsOf(errors: number, latency: number | undefined, restarts: boolean): readonly BadEventKind[] {
  const requests = 'requests' as const;
  const kinds: BadEventKind[] = [{ name: 'errors', weight: weights.errors, unit: requests, acceptableRatio: errors }];
  if (latency !== undefined) {
    kinds.push({ name: 'latency', weight: weights.latency, unit: requests, acceptableRatio: latency });
  }
  if (restarts) kinds.push({ name: 'restarts', weight: weights.restarts, unit: 'podSeconds' });
  return kinds;
}

function readErrors(fields: ConfigReader): BadEventRule {
  const requests = fields.nested('requests');
  const statusLabel = requests.text('statusLabel', '');
  return {
    kind: 'status',
    name: 'errors',
    metrics: readMetrics(requests, commonRequestMetrics),
    statusLabels: statusLabel === '' ? commonStatusLabels : [statusLabel],
    isBad: requests.parsed('bad', '5..', parsePattern) ?? (() => false),
  };
}

function readLatency(
  fields: ConfigReader,
  acceptableRatio: number,
): { readonly rule: BadEventRule; readonly acceptableRatio: number } | undefined {
  if (!fields.has('latency')) return undefined;
  const latency = fields.nested('latency');
  return {
    rule: {
      kind: 'latency',
      name: 'latency',
      metrics: readMetrics(latency, commonLatencyMetrics),
      boundarySeconds: latency.number('boundarySeconds', { more: 0, max: 3600 }),
    },
    acceptableRatio: latency.number('acceptableRatio', { more: 0, less: 1, initial: acceptableRatio }),
  };
}

function readMetrics(fields: ConfigReader, common: readonly string[]): readonly SeriesSelector[] {
  if (!fields.has('metric')) return common.map((name) => ({ name, matches: () => true }));
  const metric = fields.parsed('metric', '', parseSeriesSelector);
  return metric === undefined ? [] : [metric];
}
