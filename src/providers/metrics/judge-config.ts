import type { BadEventRule } from '../../analysis/judge/bad-events.ts';
import type { JudgeSettings } from '../../analysis/judge/judge-settings.ts';
import {
  commonLatencyMetrics,
  commonPlaces,
  commonRequestMetrics,
  latencyMetric,
  requestMetric,
  type LatencyMetric,
  type RequestMetric,
} from '../../analysis/judge/metric-conventions.ts';
import { parsePattern, parseSeriesSelector } from '../../analysis/judge/series-selector.ts';
import type { FieldErrors } from '../../api/field-error.ts';
import type { Json } from '../../api/object.ts';
import { anyValue, boolean, intOrString, list, object, stringEnum, text } from '../../api/schema.ts';
import { formatDuration } from '../../base/duration.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from './config-reader.ts';
import { readGauges, type GaugeRule } from './judge-gauges.ts';
import { commonWeights, countedKinds, settingsWith, type KindRules, type KindWeights } from './judge-kinds.ts';
import { readPrometheusSource, type PrometheusSource } from './judge-prometheus.ts';

/** Schema of `sluice.dev/judge`. Numbers with a fraction may be written as text too, so that arguments can
 * be put in; a structural schema has no type for that, so `parseJudgeConfig` checks them. */
export const judgeSchema = object(
  {},
  {
    source: stringEnum(['scrape', 'prometheus']),
    port: intOrString,
    path: text,
    prometheus: object(
      {},
      {
        address: text,
        podLabel: text,
        matchers: text,
        sides: object({}, { label: text, stable: text, canary: text }),
        headers: list(object({ key: text, value: text }, {})),
        insecure: boolean,
        authentication: anyValue,
      },
    ),
    requests: object({}, { metric: text, statusLabel: text, bad: text }),
    latency: object({}, { boundarySeconds: anyValue, metric: text, acceptableRatio: anyValue }),
    restarts: boolean,
    gauges: list(
      object({ metric: text }, { name: text, compare: stringEnum(['level', 'rate', 'growth']), margin: anyValue }),
    ),
    weights: object({}, { errors: anyValue, latency: anyValue, restarts: anyValue, gauges: anyValue }),
    ratio: anyValue,
    alpha: anyValue,
    beta: anyValue,
    acceptableRatio: anyValue,
    rollbackTest: stringEnum(['auto', 'share', 'independent']),
    promoteTest: stringEnum(['requests', 'intervals', 'relative']),
    interval: text,
    warmup: text,
    deadline: text,
    staleAfter: text,
  },
);

/** The pods' own pages as the source: where they may be, in the order in which it is tried. */
export interface ScrapeSource {
  readonly kind: 'scrape';
  readonly places: readonly { readonly port?: number; readonly path: string }[];
}

/** The configuration with defaults filled in. Durations are in milliseconds. */
export interface JudgeConfig {
  readonly source: ScrapeSource | PrometheusSource;
  readonly counted: KindRules;
  /** Rules and kinds that need nothing to be known of the pages; `countedKinds` adds what is found. */
  readonly rules: readonly BadEventRule[];
  readonly settings: JudgeSettings;
  readonly gauges: readonly GaugeRule[];
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

/** What the controller adds. */
export interface JudgeControllerSettings {
  /** Address of Prometheus for judges that name none. */
  readonly prometheusAddress?: string;
}

const hourMs = 3_600_000;
const deadlineMsDefault = hourMs;
/** A page can be read at any time; Prometheus has nothing new before it has scraped again. */
const intervalMsDefault = { scrape: 1000, prometheus: 15_000 };
/** Harm is thought to begin at one of these distances. */
const onsetMs = 15_000;

/** Reads the configuration; every mistake is named with its field, its value, and what would be right. */
export function parseJudgeConfig(
  configuration: Json,
  controller: JudgeControllerSettings = {},
): Result<JudgeConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const source = readSource(fields, controller);
  const acceptableRatio = fields.number('acceptableRatio', { more: 0, less: 1, initial: 0.01 });
  const counted: KindRules = {
    weights: readWeights(fields),
    requests: readRequests(fields),
    acceptableRatio,
    latency: readLatency(fields, acceptableRatio),
  };
  const intervalInitial = intervalMsDefault[source?.kind ?? 'scrape'];
  const intervalMs = fields.duration('interval', { minMs: 100, maxMs: hourMs, initialMs: intervalInitial });
  const deadline = fields.duration('deadline', { minMs: 1000, maxMs: 30 * 24 * hourMs, initialMs: deadlineMsDefault });
  const first = countedKinds(counted, {});
  const config = {
    counted,
    rules: first.rules,
    settings: settingsWith(readSettings(fields, intervalMs), first),
    gauges: readGauges(fields, counted.weights.gauges),
    intervalMs,
    warmupMs: fields.duration('warmup', { minMs: 0, maxMs: 24 * hourMs, initialMs: 0 }),
    deadlineMs: { inline: deadline, background: fields.has('deadline') ? deadline : undefined },
    staleAfterMs: fields.duration('staleAfter', { minMs: 1000, maxMs: 24 * hourMs, initialMs: 5 * 60_000 }),
  };
  if (config.warmupMs >= deadline) {
    fields.contradict('warmup', `it must be shorter than the deadline of ${formatDuration(deadline)}`);
  }
  const errors = fields.errors();
  if (errors.length > 0 || source === undefined) return fail(errors);
  return succeed({ ...config, source, unknownFields: fields.unknownFields() });
}

function readSource(
  fields: ConfigReader,
  { prometheusAddress }: JudgeControllerSettings,
): JudgeConfig['source'] | undefined {
  const kind = fields.choice('source', ['scrape', 'prometheus'], 'scrape');
  const hasPort = fields.has('port');
  const port = hasPort ? { port: fields.integer('port', { min: 1, max: 65_535, initial: 80 }) } : {};
  const path = fields.urlPath('path', '/metrics');
  if (kind === 'prometheus') return readPrometheusSource(fields.nested('prometheus'), prometheusAddress);
  return { kind, places: hasPort || fields.has('path') ? [{ ...port, path }] : commonPlaces };
}

function readSettings(fields: ConfigReader, intervalMs: number): JudgeSettings {
  return {
    ratio: fields.number('ratio', { min: 1, max: 100, initial: 1.5 }),
    alpha: fields.number('alpha', { more: 0, max: 0.5, initial: 0.01 }),
    beta: fields.number('beta', { more: 0, max: 0.5, initial: 0.05 }),
    rollbackTest: fields.choice('rollbackTest', ['auto', 'share', 'independent'], 'auto'),
    promoteTest: fields.choice('promoteTest', ['requests', 'intervals', 'relative'], 'requests'),
    kinds: [],
    looksPerOnset: Math.max(1, Math.round(onsetMs / intervalMs)),
  };
}

function readWeights(fields: ConfigReader): KindWeights {
  const weights = fields.nested('weights');
  const read = (name: keyof KindWeights) => weights.number(name, { min: 0, max: 1000, initial: commonWeights[name] });
  const restarts = fields.flag('restarts', true);
  const chosen = {
    errors: read('errors'),
    latency: read('latency'),
    restarts: read('restarts'),
    gauges: read('gauges'),
  };
  if (chosen.errors + chosen.latency <= 0) {
    weights.contradict('errors', 'errors or latency must have a weight above 0: nothing would be judged');
  }
  return { ...chosen, restarts: restarts ? chosen.restarts : 0 };
}

function readRequests(fields: ConfigReader): readonly RequestMetric[] {
  const requests = fields.nested('requests');
  const statusLabel = requests.text('statusLabel', '');
  const statusLabels = statusLabel === '' ? undefined : [statusLabel];
  const isBad = requests.parsed('bad', '5..', parsePattern) ?? (() => false);
  if (requests.has('metric')) {
    const metric = requests.parsed('metric', '', parseSeriesSelector);
    return metric === undefined ? [] : [requestMetric(metric, statusLabels, isBad)];
  }
  return commonRequestMetrics.map((metric) => ({
    ...metric,
    statusLabels: statusLabels ?? metric.statusLabels,
    isBad: requests.has('bad') ? isBad : metric.isBad,
  }));
}

function readLatency(fields: ConfigReader, acceptableRatio: number): KindRules['latency'] {
  const latency = fields.nested('latency');
  const boundary = latency.has('boundarySeconds')
    ? { boundarySeconds: latency.number('boundarySeconds', { more: 0, max: 3600 }) }
    : {};
  return {
    metrics: readLatencyMetrics(latency),
    ...boundary,
    acceptableRatio: latency.number('acceptableRatio', { more: 0, less: 1, initial: acceptableRatio }),
  };
}

function readLatencyMetrics(latency: ConfigReader): readonly LatencyMetric[] {
  if (!latency.has('metric')) return commonLatencyMetrics;
  const metric = latency.parsed('metric', '', parseSeriesSelector);
  return metric === undefined ? [] : [latencyMetric(metric)];
}
