import { listOf, numberOf, optionalRecord, recordOf, textMapOf, textOf } from '../../api/json-access.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { SampleOrigin } from './contract.ts';
import { parseGoNumber } from './go-number.ts';
import { parseJsonDocument } from './json-document.ts';
import { vendorWords } from './refusal.ts';

/** What Prometheus answered: the numbers, and what it has to say about them. */
export interface PrometheusAnswer {
  /** A scalar is a number; of a vector or matrix these are the numbers in the order of the answer. */
  readonly value: number | readonly number[];
  /** For which time the query was evaluated, in milliseconds since the epoch; undefined when the answer is empty. */
  readonly evaluatedAtMs: number | undefined;
  /** Its warnings and infos. */
  readonly warnings: readonly string[];
}

/**
 * Reads the answer of Prometheus' HTTP API to an instant or range query (Prometheus documentation, "HTTP API", "Format
 * overview" and "Expression query result formats"). The values of a matrix follow each other, series by series. Fails
 * with Prometheus' own words where there are any. NaN, +Inf and -Inf are kept apart; native histograms and texts are no
 * numbers, and are refused.
 */
export function readPrometheusAnswer(status: number, body: string): Result<PrometheusAnswer, string> {
  const document = parseJsonDocument(body);
  const answer = optionalRecord(document.ok ? document.value : undefined);
  if (answer === undefined) return fail(`Prometheus answered with status ${status} and no JSON object`);
  if (answer['status'] !== 'success')
    return fail(errorText(status, textOf(answer['errorType']), wordsOf(answer['error'])));
  if (status < 200 || status >= 300) return fail(`Prometheus answered with status ${status}`);
  const { resultType, result } = recordOf(answer['data']);
  const samples = samplesOf(textOf(resultType), result);
  if (!samples.ok) return samples;
  const [first] = samples.value;
  const numbers = samples.value.map(({ value }) => value);
  return succeed({
    value: resultType === 'scalar' && first !== undefined ? first.value : numbers,
    evaluatedAtMs: samples.value.at(-1)?.atMs,
    warnings: [...listOf(answer['warnings']), ...listOf(answer['infos'])].map(textOf).filter((text) => text !== ''),
  });
}

/**
 * Labels of the series in an answer, and when their samples were taken: of a vector the oldest, of a matrix the newest,
 * because series end when pods do. A query that computes something from samples has the time of the computation.
 */
export function readPrometheusOrigin(body: string): SampleOrigin {
  const document = parseJsonDocument(body);
  const { resultType, result } = recordOf(recordOf(document.ok ? document.value : undefined)['data']);
  if (resultType === 'scalar') return timeOrigin(timesOf([result]), Math.min);
  const series = listOf(result).map(recordOf);
  const labels = series.map(({ metric }) => textMapOf(metric));
  const isMatrix = resultType === 'matrix';
  const times = series.flatMap(({ value, values }) => timesOf(isMatrix ? listOf(values) : [value]));
  return { labels, ...timeOrigin(times, isMatrix ? Math.max : Math.min) };
}

function timesOf(pairs: readonly unknown[]): readonly number[] {
  return pairs.flatMap((pair) => numberOf(listOf(pair)[0]) ?? []);
}

function timeOrigin(seconds: readonly number[], choose: (one: number, other: number) => number): SampleOrigin {
  return seconds.length === 0 ? {} : { sampledAtMs: 1000 * seconds.reduce((one, other) => choose(one, other)) };
}

interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** Services that stand in for Prometheus may refuse in their own form, with an object that holds the message. */
function wordsOf(error: unknown): string {
  return textOf(error) || vendorWords(recordOf(error)['message']);
}

function errorText(status: number, type: string, message: string): string {
  if (message === '') return `Prometheus answered with status ${status}${type === '' ? '' : `: ${type}`}`;
  return type === '' ? message : `${type}: ${message}`;
}

function samplesOf(type: string, result: unknown): Result<readonly Sample[], string> {
  switch (type) {
    case 'scalar':
      return collect([result], readSample);
    case 'vector':
      return collect(listOf(result), (series) => readSeries(series, (fields) => [fields['value']]));
    case 'matrix':
      return collect(listOf(result), (series) => readSeries(series, (fields) => listOf(fields['values'])));
    case 'string':
      return fail('the query is a text, and not a number');
    default:
      return fail(`Prometheus answered with a result of type "${type}", which is not known`);
  }
}

function readSeries(
  series: unknown,
  pairsOf: (fields: Readonly<Record<string, unknown>>) => readonly unknown[],
): Result<readonly Sample[], string> {
  const fields = recordOf(series);
  if (fields['histogram'] !== undefined || fields['histograms'] !== undefined) {
    const functions = 'histogram_count(), histogram_sum(), histogram_avg() or histogram_quantile()';
    return fail(`${seriesText(fields['metric'])} is a native histogram; take a number of it by ${functions}`);
  }
  return collect(pairsOf(fields), readSample);
}

function readSample(pair: unknown): Result<readonly Sample[], string> {
  const [time, text] = listOf(pair);
  const value = parseGoNumber(textOf(text));
  if (typeof time === 'number' && value !== undefined) return succeed([{ atMs: time * 1000, value }]);
  return fail(`Prometheus answered with ${JSON.stringify(pair)?.slice(0, 100) ?? 'nothing'} instead of a sample`);
}

function seriesText(metric: unknown): string {
  const { __name__: name, ...labels } = recordOf(metric);
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${textOf(name)}{${pairs.join(',')}}`.slice(0, 200);
}

/** All samples, or the first failure. */
function collect(
  items: readonly unknown[],
  read: (item: unknown) => Result<readonly Sample[], string>,
): Result<readonly Sample[], string> {
  const samples: Sample[] = [];
  for (const item of items) {
    const found = read(item);
    if (!found.ok) return found;
    for (const sample of found.value) samples.push(sample);
  }
  return succeed(samples);
}
