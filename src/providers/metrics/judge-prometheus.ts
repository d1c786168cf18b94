import type { Sample } from '../../analysis/judge/exposition-line.ts';
import { parseValue, seriesKey } from '../../analysis/judge/exposition-line.ts';
import type { NativeBucket, NativeHistogram } from '../../analysis/judge/native-histogram.ts';
import { parseSeriesSelector } from '../../analysis/judge/series-selector.ts';
import { listOf, numberOf, optionalRecord, recordOf, textMapOf, textOf } from '../../api/json-access.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { readAuthentication, type Authentication } from './authentication.ts';
import type { ConfigReader } from './config-reader.ts';
import type { MetricResponse, MetricWindow, PrometheusRequest } from './contract.ts';
import { parseJsonDocument } from './json-document.ts';
import type { Page } from './judge-pages.ts';
import { readHeaders } from './request-headers.ts';

/** Prometheus as the source of the judge. */
export interface PrometheusSource {
  readonly kind: 'prometheus';
  readonly address: URL;
  /** Label that holds the name of the pod. */
  readonly podLabel: string;
  /** Tells the sides apart where the series are not those of their pods but of a proxy in front of them. */
  readonly sides?: PrometheusSides;
  /** Conditions on labels that narrow the series, without braces; may be empty. */
  readonly matchers: string;
  readonly authentication: Authentication;
  readonly headers: Readonly<Record<string, string>>;
  readonly insecure: boolean;
}

/** A label such as `service`, and its value for each side. */
export interface PrometheusSides {
  readonly label: string;
  readonly stable: string;
  readonly canary: string;
}

export const prometheusQueryId = 'series';
/** Id of the query for what the stable side did before. */
export const hourQueryId = 'hour';

const bodyBytesMax = 16 * 2 ** 20;
const rangeMsMin = 60_000;
const rangeMsMax = 15 * 60_000;
const hourMs = 60 * 60_000;
const hourTimeoutMs = 5000;
/** Labels that say who scraped a series, and not what it counts. */
const scraperLabels = ['job', 'instance', 'endpoint', 'service', 'prometheus', 'prometheus_replica', 'replica'];

/** Reads the field `prometheus`; `initial` is the address that the controller sets. */
export function readPrometheusSource(fields: ConfigReader, initial: string | undefined): PrometheusSource | undefined {
  const address = fields.httpUrl('address', initial);
  const podLabel = fields.text('podLabel', 'pod');
  if (!isLabel(podLabel)) fields.contradict('podLabel', 'it must be the name of a label, such as "pod"');
  const sides = readSides(fields);
  const matchers = fields.parsed('matchers', '', readMatchers) ?? '';
  const authentication = readAuthentication(fields, ['basicAuth', 'oauth2', 'sigv4']);
  const headers = readHeaders(fields, 'headers');
  const insecure = fields.flag('insecure', false);
  if (address === undefined) return undefined;
  const common = { address, podLabel, matchers, authentication, headers, insecure };
  return { kind: 'prometheus', ...common, ...(sides === undefined ? {} : { sides }) };
}

function isLabel(text: string): boolean {
  return /^[a-zA-Z_]\w*$/.test(text);
}

function readSides(fields: ConfigReader): PrometheusSides | undefined {
  if (!fields.has('sides')) return undefined;
  const sides = fields.nested('sides');
  const [label, stable, canary] = [sides.text('label', 'service'), sides.text('stable', ''), sides.text('canary', '')];
  if (!isLabel(label)) sides.contradict('label', 'it must be the name of a label, such as "service"');
  if (stable === '') sides.refuse('stable', 'give the value of the label on series of the stable side');
  if (canary === '' || canary === stable) sides.refuse('canary', 'give the value of the label on series of the canary');
  return { label, stable, canary };
}

function readMatchers(text: string): Result<string, string> {
  const trimmed = text.trim();
  const parsed = parseSeriesSelector(`series{${trimmed}}`);
  return parsed.ok
    ? succeed(trimmed.replace(/,$/, ''))
    : fail(`${parsed.error}; write e.g. namespace="shop",job="web"`);
}

/**
 * One query for the raw samples of all counters of all pods since the last one: a range selector, whose samples come
 * with the times at which they were scraped. Functions such as `rate` guess what lies between the samples and hide
 * resets; the judge takes the differences itself.
 */
export function prometheusRequest(
  source: PrometheusSource,
  names: ReadonlySet<string>,
  { targets, nowMs }: MetricWindow,
  { sampledAtMs, timeoutMs }: { readonly sampledAtMs: number; readonly timeoutMs: number },
): PrometheusRequest {
  const { podLabel, sides } = source;
  const [label, values] =
    sides === undefined ? [podLabel, targets.map(({ pod }) => pod)] : [sides.label, [sides.stable, sides.canary]];
  const rangeMs = Math.min(rangeMsMax, Math.max(rangeMsMin, nowMs - sampledAtMs + rangeMsMin));
  return rawSamples(source, prometheusQueryId, { names, label, values, rangeMs, timeoutMs });
}

/**
 * The same for an hour of the stable side alone: what it taught before the release. Asked once, so that it may take
 * longer; without it the judge only knows less.
 */
export function hourRequest(
  source: PrometheusSource,
  names: ReadonlySet<string>,
  { targets }: MetricWindow,
): PrometheusRequest {
  const { podLabel, sides } = source;
  const pods = targets.filter(({ role }) => role === 'stable').map(({ pod }) => pod);
  const [label, values] = sides === undefined ? [podLabel, pods] : [sides.label, [sides.stable]];
  return rawSamples(source, hourQueryId, { names, label, values, rangeMs: hourMs, timeoutMs: hourTimeoutMs });
}

interface SampleQuery {
  readonly names: ReadonlySet<string>;
  readonly label: string;
  readonly values: readonly string[];
  readonly rangeMs: number;
  readonly timeoutMs: number;
}

function rawSamples(
  { address, matchers, headers, insecure }: PrometheusSource,
  id: string,
  { names, label, values, rangeMs, timeoutMs }: SampleQuery,
): PrometheusRequest {
  const conditions = [
    `__name__=~"${[...names].join('|')}"`,
    `${label}=~"${values.map(quotePattern).join('|')}"`,
    ...(matchers === '' ? [] : [matchers]),
  ];
  return {
    kind: 'prometheus',
    id,
    address: address.href,
    query: `{${conditions.join(',')}}[${Math.ceil(rangeMs / 1000)}s]`,
    headers,
    ...(insecure ? { insecure } : {}),
    timeoutMs,
    bodyBytesMax,
  };
}

/** A name as a regular expression of PromQL in quotes. */
function quotePattern(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_-]/g, (character) => `\\\\${character}`);
}

/** Who is believed about each pod: the labels of the scraper, or nothing when its series come from several. */
export type Scrapers = Readonly<Record<string, string>>;

/** What is known from the rounds before. */
export interface PrometheusMemory {
  readonly scrapers: Scrapers;
  /** Time of the newest sample of each pod. */
  readonly sampledAtMs: Readonly<Record<string, number>>;
}

/**
 * The pages of the pods in Prometheus' answer, one for each time at which a pod was scraped since the last round, in
 * the order of time. Of a pod that is scraped several times over (by two jobs, or by replicas of Prometheus) one
 * scraper is believed, and always the same one.
 */
export function readPrometheusPages(
  source: PrometheusSource,
  window: MetricWindow,
  memory: PrometheusMemory,
  response: MetricResponse | undefined,
): PrometheusRead {
  const series = readSeries(response);
  if (!series.ok) return { pages: [], notes: [series.error], memory, isComplete: false };
  const { sides, podLabel } = source;
  const byPod = Map.groupBy(series.value, ({ labels }) =>
    sides === undefined ? (labels.get(podLabel) ?? '') : sideKey(sides, labels),
  );
  const targets = sides === undefined ? window.targets : sideTargets(sides, [...byPod.keys()]);
  const read = targets.map((target) => readPod(source, target, memory, byPod.get(target.pod) ?? []));
  const stable = read.filter(({ target }) => target.role === 'stable' && target.ready);
  return {
    isComplete: stable.length > 0 && stable.every(({ sampledAtMs }) => window.nowMs - sampledAtMs <= staleSampleMs),
    pages: read.flatMap(({ pages }) => pages).sort((first, second) => first.atMs - second.atMs),
    notes: read.flatMap(({ target, note }) => (note === undefined ? [] : [`${target.pod}: ${note}`])),
    memory: {
      scrapers: Object.fromEntries(read.map(({ target, scraper }) => [target.pod, scraper])),
      sampledAtMs: finiteTimes(Object.fromEntries(read.map(({ target, sampledAtMs }) => [target.pod, sampledAtMs]))),
    },
  };
}

/** What an answer brought. */
export interface PrometheusRead {
  readonly pages: readonly Page[];
  readonly notes: readonly string[];
  readonly memory: PrometheusMemory;
  /** True when every ready pod of the stable side was scraped a short while ago. */
  readonly isComplete: boolean;
}

/** A pod whose newest sample is older counts as not read. */
const staleSampleMs = 3 * 60_000;

/** A side as one proxy sees it: its counters begin anew with the proxy. */
function sideKey({ label }: PrometheusSides, labels: ReadonlyMap<string, string>): string {
  return `${labels.get(label) ?? ''} at ${labels.get('instance') ?? 'its proxy'}`;
}

/** Each side at each proxy stands for a pod. When they began is not known, so the first samples are a start. */
function sideTargets({ stable, canary }: PrometheusSides, keys: readonly string[]): readonly Page['target'][] {
  return keys.flatMap((pod): readonly Page['target'][] => {
    const common = { pod, address: '', startedAtMs: 0, ready: true };
    if (pod.startsWith(`${stable} at `)) return [{ ...common, role: 'stable' }];
    return pod.startsWith(`${canary} at `) ? [{ ...common, role: 'canary' }] : [];
  });
}

interface PodRead {
  readonly target: Page['target'];
  readonly pages: readonly Page[];
  readonly scraper: string;
  readonly sampledAtMs: number;
  readonly note: string | undefined;
}

function readPod(
  { podLabel, sides }: PrometheusSource,
  target: Page['target'],
  memory: PrometheusMemory,
  series: readonly Series[],
): PodRead {
  const since = memory.sampledAtMs[target.pod] ?? -Infinity;
  const chosen = oneScraper(
    series,
    [podLabel, ...(sides === undefined ? [] : [sides.label])],
    memory.scrapers[target.pod],
  );
  const pages = pagesOf(target, chosen.series, since);
  const isMissing = series.length === 0 && target.ready;
  return {
    target,
    pages,
    scraper: chosen.scraper,
    sampledAtMs: pages.reduce((latest, { atMs }) => Math.max(latest, atMs), since),
    note: isMissing ? 'Prometheus has no series of it; is "podLabel" right?' : chosen.note,
  };
}

function finiteTimes(times: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(times).filter(([, atMs]) => Number.isFinite(atMs)));
}

interface Series {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly points: readonly Point[];
}

type Point = Pick<Sample, 'value' | 'histogram'> & { readonly atMs: number };

function readSeries(response: MetricResponse | undefined): Result<readonly Series[], string> {
  if (response === undefined) return fail('Prometheus was not asked');
  if (response.kind === 'failure') return fail(`Prometheus could not be asked: ${response.message}`);
  const document = parseJsonDocument(response.body);
  const answer = optionalRecord(document.ok ? document.value : undefined);
  if (answer?.['status'] !== 'success') {
    const words = [textOf(answer?.['errorType']), textOf(answer?.['error'])].filter((word) => word !== '').join(': ');
    return fail(`Prometheus answered with status ${response.status}${words === '' ? '' : `: ${words.slice(0, 300)}`}`);
  }
  const { resultType, result } = recordOf(answer['data']);
  if (resultType !== 'matrix') return fail(`Prometheus answered with a ${textOf(resultType)} instead of raw samples`);
  return succeed(listOf(result).map((one) => seriesOf(recordOf(one))));
}

function seriesOf({ metric, values, histograms }: Readonly<Record<string, unknown>>): Series {
  const { __name__: name = '', ...labels } = textMapOf(metric);
  const numbers = listOf(values).map((pair): Point => {
    const [seconds, value] = listOf(pair);
    return { atMs: millisecondsOf(seconds), value: parseValue(textOf(value)) ?? Number.NaN };
  });
  const native = listOf(histograms).map((pair): Point => {
    const [seconds, value] = listOf(pair);
    const histogram = histogramOf(recordOf(value));
    return { atMs: millisecondsOf(seconds), value: histogram.count, histogram };
  });
  return { name, labels: new Map(Object.entries(labels)), points: [...numbers, ...native] };
}

function millisecondsOf(seconds: unknown): number {
  return Math.round((numberOf(seconds) ?? Number.NaN) * 1000);
}

/** Prometheus documentation, "HTTP API", "Native histograms": buckets are [boundary rule, left, right, count]. */
function histogramOf({ count, buckets }: Readonly<Record<string, unknown>>): NativeHistogram {
  const numberIn = (text: unknown): number => parseValue(textOf(text)) ?? Number.NaN;
  return {
    count: numberIn(count),
    buckets: listOf(buckets).map((bucket): NativeBucket => {
      const [, lower, upper, own] = listOf(bucket);
      return { lower: numberIn(lower), upper: numberIn(upper), count: numberIn(own) };
    }),
  };
}

interface Chosen {
  readonly scraper: string;
  readonly series: readonly Series[];
  readonly note?: string;
}

/**
 * The series of one scraper. A second one would count every request twice, and to change from one to the other would
 * look like a restart; so who was believed stays. At first it is the one with most series, of several such the first
 * by name.
 */
function oneScraper(series: readonly Series[], ownLabels: readonly string[], known: string | undefined): Chosen {
  const scrapers = Map.groupBy(
    series.map((one) => scrapedSeries(one, ownLabels)),
    ({ scraper }) => scraper,
  );
  const plain = [...scrapers.values()].flat().map((one) => one.series);
  const isUnique = new Set(plain.map(seriesKey)).size === plain.length;
  const [first] = [...scrapers].sort(([one, ones], [two, twos]) => twos.length - ones.length || (one < two ? -1 : 1));
  if (first === undefined) return { scraper: known ?? '', series: [] };
  if (isUnique) return { scraper: known ?? (scrapers.size === 1 ? first[0] : ''), series: plain };
  const scraper = known ?? first[0];
  const own = scrapers.get(scraper);
  if (own === undefined) {
    return {
      scraper,
      series: [],
      note: `is scraped ${scrapers.size} times over all at once, so it is left out; narrow "matchers"`,
    };
  }
  return {
    scraper,
    series: own.map((one) => one.series),
    note: `is scraped ${scrapers.size} times over; only the series with ${scraper} count`,
  };
}

function scrapedSeries(
  one: Series,
  ownLabels: readonly string[],
): { readonly scraper: string; readonly series: Series } {
  const labels = new Map(one.labels);
  for (const label of ownLabels) labels.delete(label);
  const pairs = scraperLabels
    .filter((label) => labels.has(label))
    .map((label) => `${label}="${labels.get(label) ?? ''}"`);
  for (const label of scraperLabels) labels.delete(label);
  return { scraper: pairs.join(','), series: { ...one, labels } };
}

function pagesOf(target: Page['target'], series: readonly Series[], sinceMs: number): readonly Page[] {
  const byTime = new Map<number, Sample[]>();
  for (const { name, labels, points } of series) {
    for (const { atMs, ...point } of points) {
      if (!(atMs > sinceMs)) continue;
      const samples = byTime.get(atMs) ?? [];
      samples.push({ name, labels, ...point });
      byTime.set(atMs, samples);
    }
  }
  return [...byTime].map(([atMs, samples]) => ({ target, atMs, samples }));
}
