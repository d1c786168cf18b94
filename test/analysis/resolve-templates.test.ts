import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { type AnalysisRequest, type FindTemplate, resolveTemplates } from '../../src/analysis/resolve-templates.ts';
import type { AnalysisTemplateSpec } from '../../src/api/analysis-template.ts';

const metric = (name: string) => ({ name, provider: { web: { url: 'http://x' } } });

/** Finds templates by name; those of cluster scope have a name that starts with "cluster-". */
const finder =
  (templates: Readonly<Record<string, AnalysisTemplateSpec>>): FindTemplate =>
  ({ templateName = '', clusterScope = false }) =>
    templateName.startsWith('cluster-') === clusterScope ? templates[templateName] : undefined;

function resolve(
  request: Partial<AnalysisRequest>,
  templates: Readonly<Record<string, AnalysisTemplateSpec>>,
): unknown {
  const names = Object.keys(templates).map((templateName) => ({ templateName }));
  const resolved = resolveTemplates({ templates: names.slice(0, 1), ...request }, finder(templates));
  return resolved.ok ? resolved.value : resolved.error;
}

describe('templates', () => {
  test('become one run with all metrics, those of nested templates too, each template once', () => {
    const spec = resolve(
      {},
      {
        a: {
          metrics: [metric('a')],
          templates: [{ templateName: 'b' }, { templateName: 'cluster-c', clusterScope: true }, { templateName: 'b' }],
        },
        b: { metrics: [metric('b')], templates: [{ templateName: 'cluster-c', clusterScope: true }] },
        'cluster-c': { metrics: [metric('c')] },
      },
    );
    assert.deepEqual(spec, { metrics: [metric('a'), metric('b'), metric('c')] });
  });

  test('that do not exist, or name each other in a circle, are errors with their names', () => {
    assert.deepEqual(resolve({ templates: [{ templateName: 'x' }] }, {}), ['AnalysisTemplate "x" does not exist']);
    assert.deepEqual(resolve({}, { a: { templates: [{ templateName: 'x', clusterScope: true }] } }), [
      'ClusterAnalysisTemplate "x" does not exist; AnalysisTemplate "a" refers to it',
    ]);
    assert.deepEqual(resolve({}, { a: { templates: [{ templateName: 'a' }] } }), [
      'templates refer to each other in a circle: AnalysisTemplate "a" → AnalysisTemplate "a"',
    ]);
    assert.deepEqual(
      resolve({}, { a: { templates: [{ templateName: 'b' }] }, b: { templates: [{ templateName: 'a' }] } }),
      ['templates refer to each other in a circle: AnalysisTemplate "a" → AnalysisTemplate "b" → AnalysisTemplate "a"'],
    );
  });

  test('cannot have two metrics or two rules of one name', () => {
    const problems = resolve(
      { templates: [{ templateName: 'a' }, { templateName: 'b' }], dryRun: [{ metricName: 'm' }] },
      {
        a: { metrics: [metric('m')], dryRun: [{ metricName: 'm' }] },
        b: {
          metrics: [metric('m')],
          measurementRetention: [
            { metricName: 'm', limit: 1 },
            { metricName: 'm', limit: 2 },
          ],
        },
      },
    );
    assert.deepEqual(problems, [
      'two metrics have the name "m": one of AnalysisTemplate "a" and one of AnalysisTemplate "b"',
      'dryRun has two rules for "m"',
      'measurementRetention has two rules for "m"',
    ]);
  });

  test('take the arguments they are given before their own, in their own order', () => {
    const secretKeyRef = { name: 's', key: 'k' };
    const spec = resolve(
      {
        templates: [{ templateName: 'a' }, { templateName: 'b' }],
        args: [
          { name: 'limit', value: '80' },
          { name: 'unknown', value: 'x' },
          { name: 'token', value: 'plain' },
        ],
      },
      {
        a: {
          metrics: [metric('a')],
          args: [{ name: 'service' }, { name: 'limit', value: '90' }, { name: 'token', valueFrom: { secretKeyRef } }],
        },
        b: { metrics: [metric('b')], args: [{ name: 'service', value: 'web' }, { name: 'limit' }] },
      },
    );
    assert.deepEqual(spec, {
      metrics: [metric('a'), metric('b')],
      args: [
        { name: 'service', value: 'web' },
        { name: 'limit', value: '80' },
        { name: 'token', value: 'plain' },
      ],
    });
  });

  test('with an argument that has no value, or two values, are errors', () => {
    const problems = resolve(
      { templates: [{ templateName: 'a' }, { templateName: 'b' }] },
      {
        a: { metrics: [metric('a')], args: [{ name: 'open' }, { name: 'both', value: '1' }] },
        b: { metrics: [metric('b')], args: [{ name: 'both', value: '2' }] },
      },
    );
    assert.deepEqual(problems, [
      'the argument "both" has different values: "1" and "2"',
      'the argument "open" has no value',
    ]);
  });
});
