import type { FieldErrors } from '../../api/field-error.ts';
import { listOf, numberOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import { cloudWatchSchema } from '../../api/metric-provider.ts';
import type { Json } from '../../api/object.ts';
import { formatInstant } from '../../base/instant.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { isAwsRegion } from './authentication.ts';
import { joinResults } from './cloud-watch-pages.ts';
import { ConfigReader } from './config-reader.ts';
import type { MetricOutcome, MetricProvider, MetricWindow, SampleOrigin } from './contract.ts';
import { createQueryProvider, type QueryAnswer, type QueryRequest, type QueryState } from './query-provider.ts';
import { badAnswer, isSuccess, jsonOf, refusal, vendorWords } from './refusal.ts';

/** A CloudWatch metric with its defaults filled in. */
export interface CloudWatchConfig {
  readonly windowMs: number;
  /** As GetMetricData takes them. */
  readonly queries: readonly Json[];
}

/** What the controller adds. */
export interface CloudWatchSettings {
  /** Region of the controller, for all metrics. */
  readonly region?: string;
}

const title = 'CloudWatch';
const timeoutMs = 30_000;
const bodyBytesMax = 4 * 2 ** 20;
const queriesMax = 500;
/** Times beyond the year 9999 cannot be written. */
const secondsMax = 253_402_300_800;
const interval = { minMs: 1000, maxMs: 455 * 24 * 3_600_000, initialMs: 5 * 60_000 };

/**
 * `cloudWatch`: metrics or expressions over the last interval (Amazon CloudWatch API Reference, GetMetricData, sent as
 * AWS JSON 1.0). Conditions see a list with an object for each query that returns data: `Id`, `Label`, `Values`,
 * `Timestamps`, `StatusCode`, `Messages`.
 */
export function createCloudWatch({ region }: CloudWatchSettings): MetricProvider<CloudWatchConfig, QueryState> {
  return createQueryProvider<CloudWatchConfig>({
    name: 'cloudWatch',
    title,
    schema: cloudWatchSchema,
    parse,
    request: (config, window, page) => request(config, window, region ?? '', page),
    measure: (answer, _config, _window, earlier) => measure(answer, earlier),
    nextPage,
    origin,
  });
}

/** The provider where the controller adds nothing. */
export const cloudWatch = createCloudWatch({});

function parse(configuration: Json): Result<CloudWatchConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const windowMs = fields.duration('interval', interval);
  const given = fields.items('metricDataQueries');
  if (given.length === 0 || given.length > queriesMax) {
    fields.refuse('metricDataQueries', `give 1 to ${queriesMax} queries`);
  }
  const queries = given.map(readQuery);
  const errors = fields.errors();
  return errors.length > 0 ? fail(errors) : succeed({ windowMs, queries });
}

function readQuery(fields: ConfigReader): Json {
  const id = fields.text('id', '');
  if (!/^[a-z]\w{0,254}$/.test(id)) fields.contradict('id', 'it must begin with a small letter, such as "errors"');
  const expression = fields.text('expression', '');
  if (fields.has('metricStat') === (expression !== '')) {
    fields.refuse('expression', 'give either an expression or metricStat');
  }
  return present({
    Id: id,
    Expression: expression,
    Label: fields.text('label', ''),
    MetricStat: fields.has('metricStat') ? readStatistic(fields.nested('metricStat')) : undefined,
    Period: readPeriod(fields),
    ReturnData: fields.has('returnData') ? fields.flag('returnData', true) : undefined,
  });
}

function readStatistic(fields: ConfigReader): Json {
  const metric = fields.nested('metric');
  const name = metric.text('metricName', '');
  if (name === '') metric.refuse('metricName', 'give the name of a metric');
  const stat = fields.text('stat', '');
  if (stat === '') fields.refuse('stat', 'give a statistic such as "Average" or "p99"');
  if (!fields.has('period')) fields.refuse('period', 'give the seconds that one value stands for, such as 60');
  const dimensions = metric
    .items('dimensions')
    .map((item) => ({ Name: item.text('name', ''), Value: item.text('value', '') }));
  return present({
    Metric: present({
      Namespace: metric.text('namespace', ''),
      MetricName: name,
      Dimensions: dimensions.length === 0 ? undefined : dimensions,
    }),
    Period: readPeriod(fields),
    Stat: stat,
    Unit: fields.text('unit', ''),
  });
}

/** Seconds, which may be written as a text. */
function readPeriod(fields: ConfigReader): number | undefined {
  return fields.has('period') ? fields.integer('period', { min: 1, max: 86_400, initial: 60 }) : undefined;
}

/** Without fields that are empty. */
function present(fields: Readonly<Record<string, Json | undefined>>): Json {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined && entry[1] !== ''),
  );
}

function request(
  { queries, windowMs }: CloudWatchConfig,
  { nowMs }: MetricWindow,
  region: string,
  page: string,
): Result<QueryRequest, string> {
  if (!isAwsRegion(region)) return fail('the controller knows no region of AWS: set AWS_REGION in its environment');
  const endSeconds = Math.floor(nowMs / 1000);
  const times = { StartTime: endSeconds - Math.floor(windowMs / 1000), EndTime: endSeconds };
  return succeed({
    url: `https://monitoring.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`,
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'GraniteServiceVersion20100801.GetMetricData',
    },
    body: JSON.stringify({ ...times, MetricDataQueries: queries, ...(page === '' ? {} : { NextToken: page }) }),
    signing: { kind: 'sigv4', service: 'monitoring', region },
    timeoutMs,
    bodyBytesMax,
  });
}

/** Only an answer without an error has a page that follows it. */
function nextPage({ status, body }: QueryAnswer): string {
  return isSuccess(status) ? textOf(recordOf(jsonOf(body))['NextToken']) : '';
}

function measure({ status, body }: QueryAnswer, earlier: readonly QueryAnswer[]): MetricOutcome {
  const answer = recordOf(jsonOf(body));
  if (!isSuccess(status)) return refusal(title, status, vendorWords(typeOf(answer), messageOf(answer)));
  if (!Array.isArray(answer['MetricDataResults'])) return badAnswer(`${title} did not answer with results`);
  const pages = [...earlier.map((page) => recordOf(jsonOf(page.body))), answer];
  const results = joinResults(pages);
  const warnings = vendorWords(...pages.flatMap(({ Messages }) => listOf(Messages).map(messageText)));
  const noted = warnings === '' ? {} : { metadata: { warnings } };
  const bad = results.find(({ StatusCode: code }) => !['', 'Complete'].includes(textOf(code)));
  if (bad !== undefined) return badAnswer(incompleteText(bad));
  const value: Json[] = [];
  for (const result of results) {
    const read = readResult(result);
    if (read === undefined) return badAnswer(`${title} answered with a value that is no number`);
    value.push(read);
  }
  const isEmpty = results.every((result) => listOf(result['Values']).length === 0);
  if (isEmpty) return { kind: 'noData', value, reason: 'the queries found no values', ...noted };
  return { kind: 'sample', value, ...noted };
}

/** The last part of a type such as `com.amazonaws…#ValidationError`. */
function typeOf(answer: JsonRecord): string {
  return textOf(answer['__type']).replace(/^.*#/, '');
}

function messageOf({ message, Message }: JsonRecord): string {
  return textOf(message) || textOf(Message);
}

function messageText(message: unknown): string {
  const { Code, Value } = recordOf(message);
  return [textOf(Code), textOf(Value)].filter((text) => text !== '').join(': ');
}

/** Values of which some are missing would be judged as if they were all. */
function incompleteText({ Id, StatusCode, Messages }: JsonRecord): string {
  const why = vendorWords(...listOf(Messages).map(messageText));
  return `${title} answered "${textOf(Id)}" with ${textOf(StatusCode)}${why === '' ? '' : `: ${why}`}`;
}

function readResult({ Id, Label, Messages, StatusCode, Timestamps, Values }: JsonRecord): Json | undefined {
  const values = listOf(Values).map(numberOf);
  const numbers = values.filter((number) => number !== undefined);
  if (numbers.length < values.length) return undefined;
  return {
    Id: textOf(Id),
    Label: textOf(Label),
    Messages: listOf(Messages).map(messageText),
    StatusCode: textOf(StatusCode),
    Timestamps: listOf(Timestamps).map(timeText),
    Values: numbers,
  };
}

/** Seconds since the epoch as RFC 3339; empty for what is no time. */
function timeText(seconds: unknown): string {
  const time = numberOf(seconds) ?? Number.NaN;
  return time >= 0 && time < secondsMax ? formatInstant(1000 * time) : '';
}

/** Of each result the newest value, and of these the oldest. */
function origin({ body }: QueryAnswer): SampleOrigin {
  const results = listOf(recordOf(jsonOf(body))['MetricDataResults']).map(recordOf);
  const newest = results.flatMap(({ Timestamps }) => {
    const times = listOf(Timestamps).flatMap((time) => numberOf(time) ?? []);
    return times.length === 0 ? [] : times.reduce((one, other) => Math.max(one, other));
  });
  return newest.length === 0 ? {} : { sampledAtMs: 1000 * newest.reduce((one, other) => Math.min(one, other)) };
}
