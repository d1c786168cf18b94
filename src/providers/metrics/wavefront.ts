import type { FieldErrors } from '../../api/field-error.ts';
import { listOf, numberOf, recordOf, textMapOf } from '../../api/json-access.ts';
import { wavefrontSchema } from '../../api/metric-provider.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from './config-reader.ts';
import type { MetricOutcome, MetricWindow, SampleOrigin } from './contract.ts';
import { createQueryProvider, type QueryAnswer, type QueryRequest } from './query-provider.ts';
import { badAnswer, isSuccess, jsonOf, refusal, vendorWords } from './refusal.ts';

/** A Wavefront metric. */
export interface WavefrontConfig {
  /** Name of the host, which is also the key of its token in the Secret. */
  readonly address: string;
  readonly query: string;
}

const title = 'Wavefront';
const secretName = 'wavefront-api-tokens';
const timeoutMs = 30_000;
const bodyBytesMax = 4 * 2 ** 20;
/** Series whose times are told. */
const timesMax = 20;

/**
 * `wavefront`: a query in the Wavefront Query Language for now (Wavefront REST API, "Query", GET /api/v2/chart/api).
 * Conditions see a number for one series, and a list of numbers for several: of each series the point that is nearest
 * to now. Tokens are in a Secret, by the host that they are for.
 */
export const wavefront = createQueryProvider<WavefrontConfig>({
  name: 'wavefront',
  title,
  schema: wavefrontSchema,
  parse,
  secret: ({ address }) => ({ name: secretName, place: 'controller', required: [address] }),
  request,
  measure: (answer, _, { nowMs }) => measure(answer, Math.floor(nowMs / 1000)),
  origin,
});

function parse(configuration: Json): Result<WavefrontConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const address = fields.text('address', '').trim();
  const query = fields.text('query', '').trim();
  // Anything else could lead the token to another host than the one it is for.
  if (!/^[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/.test(address)) {
    fields.contradict('address', 'it must be the name of a host such as "example.wavefront.com"');
  }
  if (query === '') fields.refuse('query', 'give a query such as "ts(requests.latency)"');
  const errors = fields.errors();
  return errors.length > 0 ? fail(errors) : succeed({ address, query });
}

function request({ address, query }: WavefrontConfig, window: MetricWindow): Result<QueryRequest, string> {
  const { nowMs, secret = {} } = window;
  const now = String(1000 * Math.floor(nowMs / 1000));
  // The window is one moment. Points outside of it are wanted too: nearly all are.
  const parameters = new URLSearchParams({ q: query, s: now, e: now, g: 's', p: '1', i: 'true', strict: 'false' });
  const headers = { authorization: `Bearer ${secret[address] ?? ''}`, accept: 'application/json' };
  const url = `https://${address}/api/v2/chart/api?${parameters.toString()}`;
  return succeed({ url, headers, timeoutMs, bodyBytesMax });
}

interface Point {
  readonly atSeconds: number;
  readonly value: number;
}

function measure({ status, body }: QueryAnswer, nowSeconds: number): MetricOutcome {
  const answer = recordOf(jsonOf(body));
  if (!isSuccess(status)) {
    return refusal(title, status, vendorWords(recordOf(answer['status'])['message'] ?? answer['message']));
  }
  const problem = vendorWords(answer['errorMessage']);
  if (problem !== '') return badAnswer(`${title} refuses the query: ${problem}`);
  // Without a series there is just no list of them.
  if (!('query' in answer) && !Array.isArray(answer['timeseries'])) {
    return badAnswer(`${title} did not answer with series`);
  }
  const series = listOf(answer['timeseries']).map((one) => listOf(recordOf(one)['data']).map(readPoint));
  if (series.flat().includes(undefined)) return badAnswer(`${title} answered with a point that is none`);
  const warnings = vendorWords(answer['warnings']);
  return outcomeOf(
    series.flatMap((points) => nearestPoint(points, nowSeconds) ?? []),
    nowSeconds,
    warnings === '' ? {} : { warnings },
  );
}

function outcomeOf(
  nearest: readonly Point[],
  nowSeconds: number,
  noted: Readonly<Record<string, string>>,
): MetricOutcome {
  const [first] = nearest;
  if (first === undefined) return { kind: 'noData', reason: 'the query found no points', metadata: noted };
  const value = nearest.length === 1 ? first.value : nearest.map((point) => point.value);
  return { kind: 'sample', value, metadata: { ...times(nearest, nowSeconds), ...noted } };
}

function readPoint(point: unknown): Point | undefined {
  const [atSeconds, value] = listOf(point).map(numberOf);
  return atSeconds === undefined || value === undefined ? undefined : { atSeconds, value };
}

function nearestPoint(points: readonly (Point | undefined)[], nowSeconds: number): Point | undefined {
  let nearest: Point | undefined;
  const distance = ({ atSeconds }: Point): number => Math.abs(atSeconds - nowSeconds);
  for (const point of points) {
    if (point !== undefined && (nearest === undefined || distance(point) < distance(nearest))) nearest = point;
  }
  return nearest;
}

/** When the points were, and how far from now, in the form in which clients look for it. */
function times(points: readonly Point[], nowSeconds: number): Readonly<Record<string, string>> {
  const texts = (numbers: readonly number[]): string =>
    numbers.length === 1 ? numbers.join('') : `[${numbers.slice(0, timesMax).join(',')}]`;
  return {
    timestamps: texts(points.map(({ atSeconds }) => atSeconds)),
    drift: texts(points.map(({ atSeconds }) => atSeconds - nowSeconds)),
  };
}

/** Of each series the newest point, and of these the oldest. */
function origin({ body }: QueryAnswer): SampleOrigin {
  const series = listOf(recordOf(jsonOf(body))['timeseries']).map(recordOf);
  const labels = series.map(({ tags, host }) => ({ ...textMapOf({ host }), ...textMapOf(tags) }));
  const newest = series.flatMap(({ data }) => {
    const times = listOf(data).flatMap((point) => readPoint(point)?.atSeconds ?? []);
    return times.length === 0 ? [] : times.reduce((one, other) => Math.max(one, other));
  });
  if (newest.length === 0) return { labels };
  return { labels, sampledAtMs: 1000 * newest.reduce((one, other) => Math.min(one, other)) };
}
