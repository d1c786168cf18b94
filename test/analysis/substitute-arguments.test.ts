import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fastCheck from 'fast-check';

import { evaluateConditions } from '../../src/analysis/condition.ts';
import { escapeForQuote, openQuote, type Quote } from '../../src/analysis/quoted-text.ts';
import { redact, resolveArguments } from '../../src/analysis/resolve-arguments.ts';
import { substituteArguments } from '../../src/analysis/substitute-arguments.ts';
import type { Metric } from '../../src/api/analysis-template.ts';

const web = { web: { url: 'http://x' } };

function filled(metric: Metric, values: Readonly<Record<string, string>>): Metric {
  const result = substituteArguments(metric, new Map(Object.entries(values)));
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function condition(text: string, x: string): string | undefined {
  return filled({ name: 'm', provider: web, successCondition: text }, { x }).successCondition;
}

function query(text: string, x: string): string | undefined {
  return filled({ name: 'm', provider: { prometheus: { query: text } } }, { x }).provider.prometheus?.query;
}

describe('arguments', () => {
  test('stand in every text of a metric', () => {
    const metric: Metric = {
      name: 'rate-{{args.service}}',
      interval: '{{ args.interval }}',
      count: '{{args.count}}',
      successCondition: 'result >= {{args.limit}}',
      failureCondition: 'result < {{args.limit}}',
      provider: {
        web: {
          url: 'http://{{args.host}}/q?s={{args.service}}',
          headers: [{ key: 'X-Host', value: '{{args.host}}' }],
          jsonBody: { services: ['{{args.service}}'], '{{args.service}}': { deep: '{{args.limit}}' } },
        },
        plugin: { 'sluice.dev/x': { field: '{{args.count}}' } },
      },
    };
    assert.deepEqual(filled(metric, { service: 'web', interval: '10s', count: '3', limit: '0.95', host: 'h' }), {
      name: 'rate-web',
      interval: '10s',
      count: '3',
      successCondition: 'result >= 0.95',
      failureCondition: 'result < 0.95',
      provider: {
        web: {
          url: 'http://h/q?s=web',
          headers: [{ key: 'X-Host', value: 'h' }],
          jsonBody: { services: ['web'], web: { deep: '0.95' } },
        },
        plugin: { 'sluice.dev/x': { field: '3' } },
      },
    });
  });

  test('that are missing are named', () => {
    const metric: Metric = {
      name: 'm',
      provider: web,
      successCondition: 'result < {{args.a}} + {{args.b}} + {{other}}',
    };
    assert.deepEqual(substituteArguments(metric, new Map([['a', '1']])), {
      ok: false,
      error: 'failed to resolve {{args.b}}, {{other}}',
    });
  });

  test('cannot leave the quotes of a query', () => {
    const selector = 'up{service="{{args.x}}"}';
    assert.equal(query(selector, 'web'), 'up{service="web"}');
    assert.equal(query(selector, '"} or vector(0) #'), String.raw`up{service="\"} or vector(0) #"}`);
    assert.equal(query(selector, '\\'), String.raw`up{service="\\"}`);
    assert.equal(query(selector, String.raw`web-\\d+`), String.raw`up{service="web-\\d+"}`);
    assert.equal(query(`up{service='{{args.x}}'}`, `it's "x"`), String.raw`up{service='it\'s "x"'}`);
    assert.equal(query('{{args.x}}', 'sum(rate(up{a="b"}[5m]))'), 'sum(rate(up{a="b"}[5m]))');
  });

  test('keep the quotes of a shell', () => {
    const command = (value: string): Metric => ({
      name: 'm',
      provider: { job: { spec: { template: { spec: { containers: [{ args: [`echo "${value}"`] }] } } } as never } },
    });
    assert.deepEqual(filled(command('{{args.x}}'), { x: 'a"b' }), command('a"b'));
  });

  test('are one operand of a condition', () => {
    assert.equal(condition('result < {{args.x}}', '-5'), 'result < -5');
    assert.equal(condition('result {{args.x}} 5', '>='), 'result >= 5');
    assert.equal(condition('result.{{args.x}} > 5', 'errors'), 'result.errors > 5');
    assert.equal(condition('{{args.x}}', 'result[0] < 5 || len(result) == 0'), '(result[0] < 5 || len(result) == 0)');
    assert.equal(condition('result < {{args.x}}', '5 || true'), 'result < "5 || true"');
    assert.equal(condition('result < {{args.x}}', '1 + 4'), 'result < (1 + 4)');
    assert.equal(condition('result == {{args.x}}', 'eu-west-1'), 'result == "eu-west-1"');
    assert.equal(condition('result == "{{args.x}}"', 'a" || "b'), String.raw`result == "a\" || \"b"`);
    assert.equal(condition('result == `{{args.x}}`', 'a` || `b'), 'result == `a`` || ``b`');
  });

  test('never turn a bad result into a good one from within a condition', () => {
    const evil = ['5 || true', '5) || (true', '0 // ', '" || true || "', '5 }', 'nil ?? true', '1; true', '0 < 1 || 1'];
    const conditions = [
      'result > 0 && result < {{args.x}}',
      'result == "{{args.x}}" && false',
      'result < {{args.x}} - 1',
    ];
    for (const x of evil) {
      for (const text of conditions) {
        const successCondition = condition(text, x) ?? '';
        assert.notEqual(evaluateConditions({ successCondition }, 100).phase, 'Successful', successCondition);
      }
    }
  });

  test('in quotes stay there, whatever they are', () => {
    const quotes = fastCheck.constantFrom<Quote>('"', "'");
    fastCheck.assert(
      fastCheck.property(quotes, fastCheck.string(), (quote, value) => {
        assert.equal(openQuote(quote + escapeForQuote(value, quote)), quote);
        assert.equal(openQuote(quote + escapeForQuote(value, quote) + quote), undefined);
      }),
    );
  });

  test('have a value, from the run or from a Secret that is never shown', () => {
    const secret = { name: 'token', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } };
    const resolved = resolveArguments([{ name: 'a', value: '' }, secret], new Map([['s/k', 'hidden']]));
    assert.deepEqual(resolved, {
      ok: true,
      value: {
        values: new Map([
          ['a', ''],
          ['token', 'hidden'],
        ]),
        secrets: ['hidden'],
      },
    });
    assert.equal(redact('a hidden thing', ['hidden']), 'a ***** thing');
    assert.deepEqual(resolveArguments([{ ...secret, value: 'x' }], new Map()), {
      ok: false,
      error: 'argument "token" has both value and valueFrom; remove one of them',
    });
  });
});
