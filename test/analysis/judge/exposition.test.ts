import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import { parseExposition, type Exposition, type ExpositionOptions } from '../../../src/analysis/judge/exposition.ts';

function read(text: string, options: Partial<ExpositionOptions> = {}): Exposition {
  const result = parseExposition(text, { format: 'text', ...options });
  assert.ok(result.ok, result.ok ? '' : `line ${result.error.line}: ${result.error.message}`);
  return result.value;
}

function refusal(text: string, options: Partial<ExpositionOptions> = {}): string {
  const result = parseExposition(text, { format: 'text', ...options });
  assert.ok(!result.ok, `accepted ${JSON.stringify(text)}`);
  return `${result.error.line}: ${result.error.message}`;
}

const openMetrics = { format: 'openMetrics' } as const;

/** Samples in a form that compares well. */
function plain(exposition: Exposition): readonly unknown[] {
  return exposition.samples.map(({ name, labels, value, timestampMs }) => [
    name,
    Object.fromEntries(labels),
    value,
    ...(timestampMs === undefined ? [] : [timestampMs]),
  ]);
}

describe('text format 0.0.4', () => {
  it('reads types, labels, timestamps, escapes and special values', () => {
    const page = [
      '# HELP http_requests_total The total number of HTTP requests.',
      '# TYPE http_requests_total counter',
      'http_requests_total{method="post",code="200"} 1027 1395066363000',
      'http_requests_total{method="post",code="400"}    3 1395066363000',
      '',
      '# Escaping in label values:',
      String.raw`msdos_access_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9`,
      'metric_without_timestamp_and_labels 12.47',
      'something_weird{problem="division by zero"} +Inf -3982045',
      '\t odd_blanks \t { a = "1" , b="x,}" , } \t NaN ',
      '# TYPE rpc_duration_seconds summary',
      'rpc_duration_seconds{quantile="0.99"} 76656',
      'rpc_duration_seconds_sum -.5e+3',
      '#TYPE looks_like_type gauge',
      '# TYPE other untyped',
      'other -Inf',
      '',
    ].join('\n');
    const exposition = read(page);
    assert.deepEqual(plain(exposition), [
      ['http_requests_total', { method: 'post', code: '200' }, 1027, 1395066363000],
      ['http_requests_total', { method: 'post', code: '400' }, 3, 1395066363000],
      [
        'msdos_access_seconds',
        { path: String.raw`C:\DIR\FILE.TXT`, error: 'Cannot find file:\n"FILE.TXT"' },
        1458255915,
      ],
      ['metric_without_timestamp_and_labels', {}, 12.47],
      ['something_weird', { problem: 'division by zero' }, Infinity, -3982045],
      ['odd_blanks', { a: '1', b: 'x,}' }, Number.NaN],
      ['rpc_duration_seconds', { quantile: '0.99' }, 76656],
      ['rpc_duration_seconds_sum', {}, -500],
      ['other', {}, -Infinity],
    ]);
    const types = Object.fromEntries([...exposition.families].map(([name, { type }]) => [name, type]));
    assert.equal(types['http_requests_total'], 'counter');
    assert.equal(types['rpc_duration_seconds'], 'summary');
    assert.equal(types['looks_like_type'], 'gauge');
    assert.equal(types['other'], 'unknown');
    assert.equal(types['rpc_duration_seconds_sum'], undefined);
  });

  it('reads an empty page, and takes "# EOF" for a comment', () => {
    assert.deepEqual(read('').samples, []);
    assert.equal(read('# EOF\na 1\n').samples.length, 1);
  });

  it('reads names in quotes and label names that are special in JavaScript', () => {
    const exposition = read(
      '{"http.requests","my.label"="a",b="c"} 1\n{b="x","d"="y"} 2\n'.replace('{b="x",', 'm{b="x",'),
    );
    assert.deepEqual(plain(exposition), [
      ['http.requests', { 'my.label': 'a', b: 'c' }, 1],
      ['m', { b: 'x', d: 'y' }, 2],
    ]);
    assert.equal(read('a{__proto__="x",constructor="y"} 1\n').samples[0]?.labels.get('__proto__'), 'x');
  });

  it('keeps only the samples that are asked for', () => {
    const exposition = read('a 1\na 2\nb{x="1"} 3\nb{x="2"} 4\n', { keep: (name) => name === 'b' });
    assert.deepEqual(plain(exposition), [
      ['b', { x: '1' }, 3],
      ['b', { x: '2' }, 4],
    ]);
  });

  it('accepts a repeated block of metadata that says the same', () => {
    read('# TYPE a counter\n# HELP a x\na{i="1"} 1\n# TYPE a counter\n# HELP a y\na{i="2"} 1\n');
  });

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['a value that is none', 'a 1\nb x\n', /^2: "x" is not a value/],
    ['hexadecimal numbers', 'a 0x10\n', /^1: "0x10" is not a value/],
    ['digits with underscores', 'a 1_000\n', /is not a value/],
    ['no value', 'a\n', /^1: "" is not a value/],
    ['a broken timestamp', 'a 1 1.5\n', /"1.5" is not a timestamp in milliseconds/],
    ['more after the timestamp', 'a 1 2 3\n', /^1: "3" after the value/],
    ['an exemplar', 'a_total 1 # {x="y"} 1\n', /after the value/],
    ['a name that starts with a digit', '1a 1\n', /no metric name at "1a 1"/],
    ['a label name with a colon', 'a{x:y="1"} 1\n', /expected "=" after the label x/],
    ['a label without quotes', 'a{x=1} 1\n', /value of the label x is not in quotes/],
    ['a quote that does not end', 'a{x="1} 1\n', /quoted text does not end/],
    ['a backslash at the end', 'a{x="1\\', /cut off/],
    ['an escaped quote at the end', 'a{x="1\\"} 1\n', /quoted text does not end/],
    ['braces that do not end', 'a{x="1"\n', /expected "," or "}"/],
    ['two commas', 'a{x="1",,y="2"} 1\n', /no label name/],
    ['a label twice', 'a{x="1",x="2"} 1\n', /label x stands there twice/],
    ['no metric name', '{x="1"} 1\n', /without a metric name/],
    ['a carriage return', 'a 1\r\n', /is not a value/],
    ['a page that is cut off', 'a 1\nb 12', /^2: the page is cut off/],
    ['an unknown type', '# TYPE a thing\n', /"thing" is not a metric type/],
    ['a type that every object has', '# TYPE a toString\n', /"toString" is not a metric type/],
    ['two types', '# TYPE a counter\n# TYPE a gauge\n', /^2: a second type for a/],
    ['a type after the samples', 'a 1\n# TYPE a counter\n', /^2: the type of a after its samples/],
    ['a series twice', 'a{x="1",y="2"} 1\nc 3\na{y="2",x="1"} 5\n', /^3: the series a .*twice/],
    ['a series twice with different times', 'a 1 1000\na 2 2000\n', /twice/],
    ['HTML', '<!doctype html>\n<html>\n', /^1: no metric name/],
    ['JSON', '{"requests": 5}\n', /expected/],
  ];
  for (const [name, page, message] of wrong) {
    it(`refuses ${name}`, () => assert.match(refusal(page), message));
  }
});

describe('OpenMetrics 1.0', () => {
  it('reads every type, units, exemplars and times in seconds', () => {
    const page = [
      '# TYPE acme_http_router_request_seconds summary',
      '# UNIT acme_http_router_request_seconds seconds',
      '# HELP acme_http_router_request_seconds Latency through all of ACME\'s HTTP request "router".',
      'acme_http_router_request_seconds_sum{path="/api/v1",method="GET"} 9036.32',
      'acme_http_router_request_seconds_count{path="/api/v1",method="GET"} 807283.0',
      'acme_http_router_request_seconds_created{path="/api/v1",method="GET"} 1605281325.0',
      '# TYPE go_goroutines gauge',
      'go_goroutines 69',
      '# TYPE foo histogram',
      'foo_bucket{le="0.01"} 0',
      'foo_bucket{le="0.1"} 8 # {} 0.054',
      'foo_bucket{le="1"} 11 # {trace_id="KOO5S4vxi0o"} 0.67',
      'foo_bucket{le="+Inf"} 17 # {trace_id="oHg5SJYRHA0"} 9.8 1520879607.789',
      'foo_count 17',
      '# TYPE reqs counter',
      'reqs_total{a="x"} 5 1.5 # {t="1"} 1',
      'reqs_created{a="x"} 1',
      '# TYPE b info',
      'b_info{v="1"} 1',
      'no_metadata 1 1605281325.5',
      '# EOF',
    ].join('\n');
    const exposition = read(page, openMetrics);
    assert.equal(exposition.families.get('acme_http_router_request_seconds')?.unit, 'seconds');
    const exemplar = exposition.samples.find(({ labels }) => labels.get('le') === '+Inf')?.exemplar;
    assert.deepEqual(exemplar, {
      labels: new Map([['trace_id', 'oHg5SJYRHA0']]),
      value: 9.8,
      timestampMs: 1520879607789,
    });
    const counter = exposition.samples.find(({ name }) => name === 'reqs_total');
    assert.equal(counter?.timestampMs, 1500);
    assert.equal(exposition.samples.at(-1)?.timestampMs, 1605281325500);
    assert.equal(read('# EOF\n', openMetrics).samples.length, 0);
  });

  it('takes the newest of several points of a series', () => {
    assert.deepEqual(plain(read('a 1 10\na 2 11\n# EOF\n', openMetrics)), [['a', {}, 2, 11000]]);
  });

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['no "# EOF"', 'a 1\n', /^1: the page is cut off: "# EOF" is missing/],
    ['an empty page', '', /"# EOF" is missing/],
    ['something after "# EOF"', '# EOF\na 1\n', /^2: something follows "# EOF"/],
    ['an empty line', 'a 1\n\n# EOF\n', /^2: an empty line/],
    ['two spaces', 'a  1\n# EOF\n', /^1: "" is not a value/],
    ['a space at the end', 'a 1 \n# EOF\n', /^1: "" is not a timestamp/],
    ['a comma before the closing brace', 'a{x="1",} 1\n# EOF\n', /no label name/],
    ['other comments', '# hello\n# EOF\n', /^1: "# hello" is not metadata/],
    ['a counter without _total', '# TYPE a counter\na 1\n# EOF\n', /^2: .*expected a_total, a_created/],
    [
      'families that are torn apart',
      '# TYPE a gauge\na{x="1"} 1\nb 1\na{x="2"} 1\n# EOF\n',
      /^4: .*do not stand together/,
    ],
    ['metadata after the samples', 'a 1\n# TYPE a gauge\n# EOF\n', /^2: metadata of a after its samples/],
    ['a second type', '# TYPE a gauge\n# TYPE a gauge\n# EOF\n', /^2: a second type/],
    ['a unit that the name lacks', '# UNIT a_meters seconds\n# EOF\n', /does not end in its unit/],
    ['an exemplar on a gauge', '# TYPE a gauge\na 1 # {x="y"} 1\n# EOF\n', /^2: an exemplar on a/],
    ['a long exemplar', `a_total 1 # {x="${'y'.repeat(128)}"} 1\n# EOF\n`, /129 characters/],
    ['an exemplar without a value', '# TYPE a counter\na_total 1 # {x="y"}\n# EOF\n', /expected one space/],
    ['a bucket without a bound', '# TYPE a histogram\na_bucket 1\n# EOF\n', /^2: a_bucket has no label le/],
    ['a series twice', 'a{x="1"} 1\na{x="1"} 2\n# EOF\n', /twice/],
    ['a time that is no number', 'a 1 Inf\n# EOF\n', /"Inf" is not a timestamp in seconds/],
  ];
  for (const [name, page, message] of wrong) {
    it(`refuses ${name}`, () => assert.match(refusal(page, openMetrics), message));
  }
});

describe('limits', () => {
  const limited = (limits: ExpositionOptions['limits'], page: string): string =>
    refusal(page, { limits: limits ?? {} });

  it('refuses what is too large and names the limit', () => {
    assert.match(limited({ lengthMax: 10 }, 'a 1\nb 2\nccc 3\n'), /has 14 characters; at most 10/);
    assert.match(limited({ lineLengthMax: 5 }, 'a 1\nlonger 1\n'), /^2: longer than 5/);
    assert.match(limited({ samplesMax: 2 }, 'a 1\nb 1\nc 1\n'), /^3: more than 2 samples/);
    assert.match(limited({ labelsMax: 1 }, 'a{x="1",y="2"} 1\n'), /more than 1 labels/);
    assert.match(limited({ labelLengthMax: 3 }, 'a{x="1234"} 1\n'), /longer than 3/);
    read('a{x="1",y="2"} 1\n', { limits: { labelsMax: 2 } });
  });

  it('takes time proportional to the page, also for hostile ones', () => {
    // Each would take minutes if any step were quadratic in the length.
    const hostile = [
      `a{x="${'\\\\'.repeat(30_000)}"} 1\n`.repeat(20),
      `${'a'.repeat(60_000)}\n`.repeat(20),
      `# TYPE "${'\\"'.repeat(30_000)}\n`.repeat(20),
      `# TYPE ${'a '.repeat(30_000)}\n`.repeat(20),
      `a ${'1'.repeat(60_000)}x\n`,
      `a{${' '.repeat(60_000)}\n`,
    ];
    for (const page of hostile) parseExposition(page, { format: 'text', limits: { labelLengthMax: 1e9 } });
  });
});

describe('any page', () => {
  const labelValue = fc.string({ unit: 'grapheme', maxLength: 8 });
  const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,6}$/);
  const label = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,4}$/);
  const series = fc.record({
    name,
    labels: fc.uniqueArray(fc.tuple(label, labelValue), { selector: ([key]) => key, maxLength: 4 }),
    value: fc.oneof(fc.double(), fc.integer()),
  });
  const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  const write = ({ name, labels, value }: { name: string; labels: [string, string][]; value: number }): string => {
    const pairs = labels.map(([key, text]) => `${key}="${escape(text)}"`);
    const number = Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
    return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${number}\n`;
  };

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.uniqueArray(series, { selector: ({ name }) => name, maxLength: 8 }), (all) => {
        const expected = all.map(({ name, labels, value }) => [
          name,
          Object.fromEntries(labels),
          value === 0 ? 0 : value,
        ]);
        const page = all.map(write).join('');
        const normal = (samples: readonly unknown[]): unknown => JSON.stringify(samples);
        assert.equal(normal(plain(read(page))), normal(expected));
        assert.equal(normal(plain(read(`${page}# EOF\n`, openMetrics))), normal(expected));
      }),
    );
  });

  it('finds the same series in another order of labels', () => {
    fc.assert(
      fc.property(series, (one) => {
        const other = { ...one, labels: one.labels.toReversed() };
        assert.match(refusal(write(one) + write(other)), /^2: .*twice/);
      }),
    );
  });

  it('is read or refused with a line that exists, never anything else', () => {
    const piece = fc.constantFrom(
      'a',
      '{',
      '}',
      '"',
      '=',
      ',',
      ' ',
      '\n',
      '#',
      ' TYPE a counter',
      '1',
      '\\',
      'NaN',
      '\t',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 40 }), (pieces) => {
        const page = pieces.join('');
        for (const format of ['text', 'openMetrics'] as const) {
          const result = parseExposition(page, { format });
          if (!result.ok) assert.ok(result.error.line >= 1 && result.error.line <= page.split('\n').length);
        }
      }),
      { numRuns: 500 },
    );
  });
});
