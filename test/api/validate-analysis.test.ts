import assert from 'node:assert/strict';
import test from 'node:test';

import type { AnalysisTemplateSpec, Metric } from '../../src/api/analysis-template.ts';
import { validateAnalysisRun, validateAnalysisTemplate } from '../../src/api/validate-analysis.ts';

const metric: Metric = { name: 'm', provider: { web: { url: 'http://x' } } };

function places(spec: AnalysisTemplateSpec): readonly string[] {
  return validateAnalysisTemplate(spec).map(({ field, type }) => `${field} ${type.replace('FieldValue', '')}`);
}

const metrics: readonly (readonly [name: string, change: Partial<Metric>, expected: readonly string[]])[] = [
  ['one measurement', {}, []],
  ['three measurements', { count: 3, interval: '10s' }, []],
  ['a count as text', { count: '3', interval: '10s' }, []],
  ['a count from an argument', { count: '{{args.n}}', interval: '{{ args.n }}s' }, []],
  ['a count without interval', { count: 2 }, ['interval Required']],
  ['a negative count', { count: -1 }, ['count Invalid']],
  ['a count in words', { count: 'two' }, ['count Invalid']],
  ['an unreadable interval', { interval: '1x' }, ['interval Invalid']],
  ['an interval without unit', { interval: '60' }, ['interval Invalid']],
  ['an unreadable delay', { initialDelay: 'soon' }, ['initialDelay Invalid']],
  ['a count below failureLimit', { count: 2, interval: '1m', failureLimit: 3 }, ['count Invalid']],
  ['a count equal to failureLimit', { count: 2, interval: '1m', failureLimit: 2 }, []],
  [
    'a count below both limits together',
    { count: 3, interval: '1m', failureLimit: 2, consecutiveSuccessLimit: 2 },
    ['count Invalid'],
  ],
  ['failures that never matter', { count: 2, interval: '1m', failureLimit: -1, consecutiveSuccessLimit: 2 }, []],
  [
    'a count below consecutiveSuccessLimit',
    { count: 2, interval: '1m', failureLimit: -1, consecutiveSuccessLimit: 3 },
    ['count Invalid'],
  ],
  ['a count below inconclusiveLimit', { count: 1, inconclusiveLimit: 2 }, ['count Invalid']],
  ['a negative inconclusiveLimit', { inconclusiveLimit: -1 }, ['inconclusiveLimit Invalid']],
  ['a negative consecutiveErrorLimit', { consecutiveErrorLimit: -1 }, ['consecutiveErrorLimit Invalid']],
  ['a negative consecutiveSuccessLimit', { consecutiveSuccessLimit: -1 }, ['consecutiveSuccessLimit Invalid']],
  ['no provider', { provider: {} }, ['provider Required']],
  ['two providers', { provider: { web: { url: 'x' }, prometheus: { query: 'y' } } }, ['provider Invalid']],
  ['two plug-ins', { provider: { plugin: { 'a/b': {}, 'c/d': {} } } }, ['provider.plugin Invalid']],
  ['one plug-in', { provider: { plugin: { 'a/b': {} } } }, []],
  ['an argument that is not declared', { successCondition: 'result < {{args.zz}}' }, [' Invalid']],
];

for (const [name, change, expected] of metrics) {
  test(`metric with ${name}`, () => {
    assert.deepEqual(
      places({ args: [{ name: 'n' }], metrics: [{ ...metric, ...change }] }),
      expected.map((text) => `spec.metrics[0]${text.startsWith(' ') ? '' : '.'}${text}`),
    );
  });
}

const specs: readonly (readonly [name: string, spec: AnalysisTemplateSpec, expected: readonly string[]])[] = [
  ['no metrics', {}, ['spec.metrics Required']],
  ['nested templates only', { templates: [{ templateName: 'a' }] }, []],
  ['two metrics of one name', { metrics: [metric, metric] }, ['spec.metrics[1].name Duplicate']],
  ['an argument twice', { metrics: [metric], args: [{ name: 'a' }, { name: 'a' }] }, ['spec.args[1].name Duplicate']],
  [
    'an argument with value and source',
    { metrics: [metric], args: [{ name: 'a', value: '1', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
    ['spec.args[0] Invalid'],
  ],
  [
    'a dry-run rule for no metric',
    { metrics: [metric], dryRun: [{ metricName: 'x.*' }] },
    ['spec.dryRun[0].metricName Invalid'],
  ],
  ['a dry-run rule for part of a name', { metrics: [metric], dryRun: [{ metricName: '.' }] }, []],
  [
    'a dry-run rule that is no pattern',
    { metrics: [metric], dryRun: [{ metricName: '(' }] },
    ['spec.dryRun[0].metricName Invalid'],
  ],
  [
    'a retention rule twice',
    {
      metrics: [metric],
      measurementRetention: [
        { metricName: 'm', limit: 1 },
        { metricName: 'm', limit: 2 },
      ],
    },
    ['spec.measurementRetention[1].metricName Duplicate'],
  ],
];

for (const [name, spec, expected] of specs) {
  test(`analysis template with ${name}`, () => {
    assert.deepEqual(places(spec), expected);
  });
}

test('a run needs a value for every argument, a template does not', () => {
  const spec = { metrics: [metric], args: [{ name: 'a' }] };
  assert.deepEqual(places(spec), []);
  assert.deepEqual(
    validateAnalysisRun(spec).map(({ field }) => field),
    ['spec.args[0].value'],
  );
});

test('every mistake of a template is told at once', () => {
  const wrong = { ...metric, count: -1, interval: 'x', provider: {} };
  assert.equal(places({ metrics: [wrong, wrong] }).length, 7);
});
