import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { AnalysisRun } from '../../../src/api/analysis-run.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import type { RolloutStatus } from '../../../src/api/rollout.ts';
import { parseInstant } from '../../../src/base/instant.ts';
import type { HttpPort } from '../../../src/controller/http-port.ts';
import type { MetricResponse } from '../../../src/providers/metrics/contract.ts';
import { AnalysisStage } from './analysis-stage.ts';

const apiVersion = 'argoproj.io/v1alpha1';

interface BadInput {
  readonly what: string;
  /** Names of templates that are there, with their specifications. */
  readonly templates: Readonly<Record<string, object>>;
  /** What is to be read on the Rollout. */
  readonly onRollout: RegExp;
  /** What is to be read on the run; absent when none is made. */
  readonly onRun?: RegExp;
}

function web(path: string): object {
  const provider = { web: { url: `http://metrics.example/${path}`, jsonPath: '{$.value}' } };
  return { name: 'errors', successCondition: 'result < 1', consecutiveErrorLimit: 0, provider };
}

function prometheus(query: string): object {
  return { ...web(''), provider: { prometheus: { address: 'http://metrics.example/prometheus', query } } };
}

const inputs: readonly BadInput[] = [
  {
    what: 'a query that cannot be parsed',
    templates: { check: { metrics: [prometheus('sum(')] } },
    onRun: /Metric "errors" assessed Error due to consecutiveErrors \(1\).*bad_data: parse error: unclosed left paren/,
    onRollout: /RolloutAborted: Rollout aborted update to revision 2: .*bad_data: parse error: unclosed left paren/,
  },
  {
    what: 'a Secret without the key',
    templates: {
      check: {
        args: [{ name: 'token', valueFrom: { secretKeyRef: { name: 'keys', key: 'tokn' } } }],
        metrics: [{ ...web('{{args.token}}') }],
      },
    },
    onRun: /argument "token": there is no key "tokn" in the Secret "keys"/,
    onRollout: /RolloutAborted: .*argument "token": there is no key "tokn" in the Secret "keys"/,
  },
  {
    what: 'a Secret that does not exist',
    templates: { check: { metrics: [{ ...web(''), provider: { datadog: { query: 'avg:errors{*}' } } }] } },
    onRun: /the Secret "datadog" in the namespace "default" does not exist/,
    onRollout: /RolloutAborted: .*the Secret "datadog" in the namespace "default" does not exist/,
  },
  {
    what: 'an argument that nobody declares',
    templates: { check: { metrics: [web('{{args.nobody}}')] } },
    onRollout: /InvalidSpec: .*no argument fills \{\{args\.nobody\}\}/,
  },
  {
    what: 'a template that does not exist',
    templates: { other: { metrics: [web('good')] } },
    onRollout: /InvalidSpec: .*"AnalysisTemplate check": there is no such template/,
  },
  {
    what: 'a template that refers to itself',
    templates: { check: { metrics: [web('good')], templates: [{ templateName: 'check' }] } },
    onRollout: /InvalidSpec: .*in a circle: AnalysisTemplate "check" → AnalysisTemplate "check"/,
  },
  {
    what: 'a body of a gigabyte',
    templates: { check: { metrics: [web('huge')] } },
    onRun: /the answer is longer than 1048576 bytes/,
    onRollout: /RolloutAborted: .*the answer is longer than 1048576 bytes/,
  },
  {
    what: 'a host that never answers',
    templates: { check: { metrics: [web('silent')] } },
    onRun: /did not answer within 10000 ms/,
    onRollout: /RolloutAborted: .*did not answer within 10000 ms/,
  },
];

describe('bad input of an analysis', () => {
  for (const input of inputs) {
    it(`is told on the Rollout and its run, while others keep their time: ${input.what}`, async () => {
      const stage = new AnalysisStage({ send: (request, signal) => answer(stage, request, signal) });
      await stage.createSecret('keys', { token: 'hush' });
      for (const [name, spec] of Object.entries(input.templates)) await createTemplate(stage, name, spec);
      const steady = { ...web('good'), interval: '3s', count: 5 };
      await createTemplate(stage, 'steady', { metrics: [steady] });
      await stage.startController();
      await createRollout(stage, 'bad', 'check');
      await createRollout(stage, 'good', 'steady');
      await stage.clock.advance(10_000);
      for (const name of ['bad', 'good'])
        await stage.patch(resourceTypes.rollout, name, { spec: specOf(name, 'web:2') });
      await stage.clock.advance(60_000);

      const { phase = '', message = '', conditions } = await statusOf(stage, 'bad');
      assert.equal(phase, 'Degraded');
      assert.match(message, input.onRollout);
      assert.ok(conditions !== undefined && conditions.length > 0);
      const runs = (await stage.list(resourceTypes.analysisRun)) as unknown as readonly AnalysisRun[];
      const run = runs.find(({ metadata }) => metadata.name.startsWith('bad-'));
      assert.equal(run === undefined, input.onRun === undefined);
      if (input.onRun !== undefined) {
        assert.equal(run?.status?.phase, 'Error');
        assert.match(run.status.message ?? '', input.onRun);
      }
      assert.doesNotMatch(JSON.stringify([runs, message, conditions]), /hush/);
      assert.equal((await statusOf(stage, 'good')).phase, 'Healthy');
      checkTimes(runs.find(({ metadata }) => metadata.name.startsWith('good-')));
      await stage.close();
    });
  }
});

/** Answers as a real client does. */
async function answer(
  stage: AnalysisStage,
  { id, url, timeoutMs }: Parameters<HttpPort['send']>[0],
  signal: AbortSignal,
): Promise<MetricResponse> {
  if (url.includes('/huge')) {
    return { kind: 'failure', id, code: 'TooLarge', message: 'the answer is longer than 1048576 bytes' };
  }
  if (url.includes('/silent')) {
    await new Promise<void>((resolve) => {
      const cancel = stage.clock.schedule(timeoutMs, resolve);
      signal.addEventListener('abort', () => (cancel(), resolve()), { once: true });
    });
    return { kind: 'failure', id, code: 'Timeout', message: `${url} did not answer within ${timeoutMs} ms` };
  }
  const isPrometheus = url.includes('/prometheus');
  const error = { status: 'error', errorType: 'bad_data', error: 'parse error: unclosed left parenthesis' };
  const body = JSON.stringify(isPrometheus ? error : { value: 0 });
  return { kind: 'answer', id, status: isPrometheus ? 400 : 200, contentType: 'application/json', body };
}

async function createTemplate(stage: AnalysisStage, name: string, spec: object): Promise<void> {
  await stage.create(resourceTypes.analysisTemplate, { apiVersion, kind: 'AnalysisTemplate', name, spec });
}

function specOf(name: string, image: string): object {
  return { template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image }] } } };
}

async function createRollout(stage: AnalysisStage, name: string, templateName: string): Promise<void> {
  const steps = [{ setWeight: 50 }, { analysis: { templates: [{ templateName }] } }];
  const selector = { matchLabels: { app: name } };
  const spec = { replicas: 2, selector, ...specOf(name, 'web:1'), strategy: { canary: { steps } } };
  await stage.create(resourceTypes.rollout, { apiVersion, kind: 'Rollout', name, spec });
}

async function statusOf(stage: AnalysisStage, name: string): Promise<RolloutStatus> {
  return (await stage.read(resourceTypes.rollout, name))['status'] as RolloutStatus;
}

/** Times are written in whole seconds, and an interval is over when it is over. */
function checkTimes(run: AnalysisRun | undefined): void {
  const measurements = run?.status?.metricResults?.[0]?.measurements ?? [];
  const times = measurements.map(({ startedAt }) => parseInstant(startedAt ?? '') ?? 0);
  const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  assert.ok(waits.length === 4 && waits.every((wait) => wait >= 3000 && wait <= 4000), waits.join(' '));
}
