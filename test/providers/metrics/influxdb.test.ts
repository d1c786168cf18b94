import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { readAnnotatedCsv } from '../../../src/providers/metrics/annotated-csv.ts';
import type { MetricWindow } from '../../../src/providers/metrics/contract.ts';
import { influxdb } from '../../../src/providers/metrics/influxdb.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';
import { playPairs } from './play-pairs.ts';

const secret = { address: 'http://influxdb.example:8086', authToken: 'T1', org: 'o' };
const window: MetricWindow = { nowMs: 60_000, startedAtMs: 60_000, mode: 'inline', targets: [], secret };
const query = 'from(bucket: "b") |> range(start: -15m)';
const table = (type: string, ...values: readonly string[]): string =>
  [`#datatype,string,long,${type}`, ',result,table,_value', ...values.map((value) => `,,0,${value}`), ''].join('\r\n');

metricProviderSuite(influxdb, {
  valid: [{ query }, { query, profile: 'other' }],
  invalid: [
    { configuration: { query, profile: [] }, field: 'profile' },
    { configuration: { query: '' }, field: 'query' },
  ],
  window: () => window,
  answer: ({ id }) => ({ kind: 'answer', id, status: 200, contentType: 'text/csv', body: table('double', '0.5') }),
  roundsMax: 1,
  outcome: (outcome) => assert.deepEqual(outcome, { kind: 'sample', value: [0.5] }),
});

playPairs(influxdb, 'influxdb.json');

const valuesOf = (text: string): unknown => {
  const records = readAnnotatedCsv(text);
  return records.ok ? records.value.map(({ value }) => value) : records.error;
};

/** InfluxDB documentation, "Annotated CSV": "Valid data types", "Tables", "Errors". */
describe('annotated CSV', () => {
  it('has numbers that JSON cannot tell', () => {
    const values = valuesOf(table('double', 'NaN', '+Inf', '-Inf', '1e-3', '-2.5'));
    assert.deepEqual(values, [Number.NaN, Infinity, -Infinity, 0.001, -2.5]);
  });

  it('has times and durations as texts', () => {
    const values = valuesOf(table('dateTime:RFC3339', '2026-11-25T09:30:00Z'));
    assert.deepEqual(values, ['2026-11-25T09:30:00Z']);
  });

  it('is refused when a number is none, or when there is no column of values', () => {
    assert.equal(valuesOf(table('long', 'many')), '"many" is no number of type long');
    const without = '#datatype,string,long,double\n,result,table,mean\n,,0,1\n';
    assert.equal(valuesOf(without), 'the query gives no column "_value"');
  });

  it('may end without a line break, but not in the middle of a field', () => {
    assert.deepEqual(valuesOf(table('long', '1', '2').trimEnd()), [1, 2]);
    assert.equal(valuesOf(`${table('string')},,0,"a\nb`), 'the answer is not CSV');
  });

  it('may be as long as an answer may be', () => {
    const long = 'a""b,'.repeat(800_000);
    assert.ok(readAnnotatedCsv(`${table('string')},,0,"${long}"\r\n`).ok);
    assert.ok(!readAnnotatedCsv(`${table('string')},,0,"${long}`).ok);
  });
});
