import { authorisedRequests, beginAuthorisation, foldAuthorisation, type Authorisation } from './authorisation.ts';
import type { MetricRequest, MetricResponse, MetricTarget, MetricWindow, PrometheusRequest } from './contract.ts';
import type { JudgeConfig, ScrapeSource } from './judge-config.ts';
import { countedKinds, type Sources } from './judge-kinds.ts';
import { readPages, wantedNames, type Page } from './judge-pages.ts';
import {
  hourQueryId,
  hourRequest,
  prometheusQueryId,
  prometheusRequest,
  readPrometheusPages,
  type PrometheusMemory,
  type PrometheusSource,
} from './judge-prometheus.ts';

/** What a source remembers from round to round, in memory only. */
export interface ReadingState {
  /** Which of the places of a scrape is tried. */
  readonly place: number;
  readonly authorisation: Authorisation;
  readonly prometheus: PrometheusMemory;
  readonly startedAtMs: number;
}

/** What a round brought: pages, or the need for another request at once. */
export type Reading =
  | { readonly kind: 'again'; readonly reading: ReadingState }
  | {
      readonly kind: 'read';
      readonly pages: readonly Page[];
      /** Pages of the hour before, of the stable side alone, in the round that asked for them. */
      readonly hour?: readonly Page[];
      /** True when every ready pod of the stable side is known at this time. */
      readonly isComplete: boolean;
      readonly notes: readonly string[];
      /** What the source has to say of itself. */
      readonly sources: Sources;
      /** The state after the round; it depends on whether the pages had what was looked for. */
      readonly reading: (sources: Sources) => ReadingState;
    };

/** Key of the place that pages are read from, when it had to be found. */
const placeSource = 'page';
/** Key of what became of the question for the hour before; it is asked once. */
const hourSource = 'hourBefore';
/** A page of metrics longer than this is not read. */
const bodyBytesMax = 4 * 2 ** 20;

/** The state of an observation that begins, or goes on in another process. */
export function beginReading({ source }: JudgeConfig, { nowMs }: MetricWindow, sources: Sources): ReadingState {
  const known =
    source.kind === 'scrape' ? source.places.findIndex((place) => textOf(place) === sources[placeSource]) : -1;
  return {
    place: Math.max(0, known),
    authorisation: beginAuthorisation(source.kind === 'prometheus' ? source.authentication : { kind: 'none' }),
    prometheus: { scrapers: {}, sampledAtMs: {} },
    startedAtMs: nowMs,
  };
}

/** The requests of a round: one for each ready pod, or one to Prometheus for all pods. */
export function requestSource(
  config: JudgeConfig,
  window: MetricWindow,
  reading: ReadingState,
  sources: Sources,
): readonly (MetricRequest | PrometheusRequest)[] {
  const { source } = config;
  if (source.kind === 'scrape') {
    return window.targets
      .filter(({ ready }) => ready)
      .flatMap((target) => pageRequest(config, source, target, reading));
  }
  if (window.targets.length === 0) return [];
  const sampledAtMs = Math.min(...Object.values(reading.prometheus.sampledAtMs), window.nowMs);
  const names = namesOf(config, sources);
  const request = prometheusRequest(source, names, window, { sampledAtMs, timeoutMs: timeoutOf(config) });
  const hour = isHourDue(window, sources) ? [hourRequest(source, names, window)] : [];
  return authorisedRequests(source.authentication, reading.authorisation, [request, ...hour]);
}

/** Once it is known which metrics are counted, so that no others are asked for. */
function isHourDue({ targets }: MetricWindow, sources: Sources): boolean {
  const isFound = Object.keys(sources).length > 0;
  return isFound && sources[hourSource] === undefined && targets.some(({ role }) => role === 'stable');
}

/** Takes the answers of a round in. */
export function readSource(
  config: JudgeConfig,
  window: MetricWindow,
  reading: ReadingState,
  sources: Sources,
  responses: readonly MetricResponse[],
): Reading {
  return config.source.kind === 'scrape'
    ? readScrape(config, config.source, window, reading, sources, responses)
    : readPrometheus(config.source, window, reading, sources, responses);
}

function readScrape(
  config: JudgeConfig,
  { places }: ScrapeSource,
  window: MetricWindow,
  reading: ReadingState,
  sources: Sources,
  responses: readonly MetricResponse[],
): Reading {
  const { pages, notes } = readPages(namesOf(config, sources), window, responses);
  const ready = window.targets.filter((target) => target.role === 'stable' && target.ready).length;
  const place = places[reading.place];
  const isFound = sources[placeSource] !== undefined || pages.some(({ samples }) => samples.length > 0);
  const isSearching = places.length > 1 && !isFound && responses.length > 0;
  return {
    kind: 'read',
    pages,
    isComplete: pages.filter(({ target }) => target.role === 'stable').length === ready,
    notes: isSearching ? [...notes, `no metrics of requests at ${textOf(place)}; looks elsewhere`] : notes,
    sources: reading.place > 0 && isFound && place !== undefined ? { [placeSource]: textOf(place) } : {},
    reading: () => (isSearching ? { ...reading, place: (reading.place + 1) % places.length } : reading),
  };
}

function readPrometheus(
  source: PrometheusSource,
  window: MetricWindow,
  before: ReadingState,
  sources: Sources,
  responses: readonly MetricResponse[],
): Reading {
  const authorised = foldAuthorisation(before.authorisation, responses);
  if (authorised?.outcome.kind === 'again') {
    return { kind: 'again', reading: { ...before, authorisation: authorised.authorisation } };
  }
  const response = responses.find(({ id }) => id === prometheusQueryId);
  const read = readPrometheusPages(source, window, before.prometheus, response);
  // A token that is refused has run out; the next round asks for another.
  const isRefused = authorised !== undefined || (response?.kind === 'answer' && response.status === 401);
  const authorisation = isRefused ? beginAuthorisation(source.authentication) : before.authorisation;
  const problem =
    authorised !== undefined && 'message' in authorised.outcome ? [authorised.outcome.message] : undefined;
  return {
    kind: 'read',
    pages: read.pages,
    isComplete: read.isComplete,
    notes: problem ?? read.notes,
    sources: {},
    ...(isHourDue(window, sources) ? readHour(source, window, before, responses) : {}),
    reading: () => ({ ...before, authorisation, prometheus: read.memory }),
  };
}

function readHour(
  source: PrometheusSource,
  window: MetricWindow,
  { prometheus }: ReadingState,
  responses: readonly MetricResponse[],
): Pick<Extract<Reading, { kind: 'read' }>, 'hour' | 'sources'> {
  const targets = window.targets.filter(({ role }) => role === 'stable');
  const response = responses.find(({ id }) => id === hourQueryId);
  if (response === undefined) return { sources: {} };
  const read = readPrometheusPages(source, { ...window, targets }, { ...prometheus, sampledAtMs: {} }, response);
  const [problem] = read.pages.length === 0 ? read.notes : [];
  return {
    hour: read.pages,
    sources: { [hourSource]: problem?.slice(0, 120) ?? `${read.pages.length} pages of its pods` },
  };
}

/** Names of the samples that are of interest; while no histogram is chosen those of all that may be. */
function namesOf({ counted, gauges }: JudgeConfig, sources: Sources): ReadonlySet<string> {
  const { rules, isIncomplete } = countedKinds(counted, sources);
  const names = new Set([...wantedNames(rules, sources), ...gauges.map(({ metric }) => metric.name)]);
  if (isIncomplete) {
    for (const { name } of counted.latency.metrics) names.add(name).add(`${name}_bucket`);
  }
  return names;
}

function pageRequest(
  config: JudgeConfig,
  { places }: ScrapeSource,
  target: MetricTarget,
  reading: ReadingState,
): readonly MetricRequest[] {
  const place = places[reading.place];
  const port = place?.port ?? target.port;
  if (place === undefined || port === undefined) return [];
  const host = target.address.includes(':') ? `[${target.address}]` : target.address;
  return [
    {
      id: target.pod,
      url: `http://${host}:${port}${place.path}`,
      // The text format is the one that every exporter gets right.
      headers: { accept: 'text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5' },
      timeoutMs: timeoutOf(config),
      bodyBytesMax,
    },
  ];
}

function timeoutOf({ intervalMs }: JudgeConfig): number {
  return Math.min(10_000, Math.max(1000, intervalMs));
}

function textOf({ port, path }: { readonly port?: number; readonly path: string } = { path: '' }): string {
  return `${port === undefined ? '' : `:${port}`}${path}`;
}
