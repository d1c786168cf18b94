import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';

import type { HttpPort } from '../../../src/controller/http-port.ts';
import type { MetricPluginRegistry, MetricPluginRequest } from '../../../src/controller/metric-plugins/contract.ts';
import { httpMetricPlugin } from '../../../src/controller/metric-plugins/http-plugin.ts';
import { metricPluginCalls } from '../../../src/controller/metric-plugins/metric-plugin-calls.ts';
import { moduleMetricPlugin, readMetricPluginModule } from '../../../src/controller/metric-plugins/module-plugin.ts';
import type { MetricRequest, MetricResponse, PluginRequest } from '../../../src/providers/metrics/contract.ts';
import { VirtualClock } from '../../cluster/embedded/virtual-clock.ts';

const { signal } = new AbortController();
const request: PluginRequest = {
  kind: 'plugin',
  id: 'plugin',
  plugin: 'example.com/errors',
  config: { query: 'errors' },
  status: { page: 2 },
};
const run = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisRun',
  metadata: {
    namespace: 'shop',
    name: 'web-1',
    uid: 'u1',
    labels: { 'rollouts-pod-template-hash': 'abc' },
    annotations: { a: 'b', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
  },
  spec: { metrics: [] },
};
const place = { run, metric: 'errors', number: 3 };

describe('a call of a metric plug-in', () => {
  it('tells who asks, and about what', async () => {
    const told: MetricPluginRequest[] = [];
    const plugins: MetricPluginRegistry = new Map([
      [
        'example.com/errors',
        moduleMetricPlugin({ measure: (one) => (told.push(one), { value: 1 }) }, 1000, new VirtualClock()),
      ],
    ]);
    const response = await metricPluginCalls(plugins).send(request, place, signal);
    assert.deepEqual(response, answerOf('{"value":1}'));
    assert.deepEqual(told, [
      {
        apiVersion: 'metric-plugin.sluice.dev/v1',
        id: 'u1/errors/3',
        plugin: 'example.com/errors',
        config: { query: 'errors' },
        status: { page: 2 },
        metric: 'errors',
        measurement: 3,
        run: {
          namespace: 'shop',
          name: 'web-1',
          uid: 'u1',
          labels: run.metadata.labels,
          annotations: { a: 'b' },
          podTemplateHash: 'abc',
        },
      },
    ]);
  });

  it('fails for a plug-in that the controller does not know', async () => {
    const response = await metricPluginCalls(new Map()).send(request, place, signal);
    assert.deepEqual(response, {
      kind: 'failure',
      id: 'plugin',
      code: 'NotFound',
      message: 'the controller does not know it',
    });
  });
});

describe('a metric plug-in behind a URL', () => {
  it('is asked by a signed POST', async () => {
    const clock = new VirtualClock();
    const sent: MetricRequest[] = [];
    const http: HttpPort = {
      send(one) {
        sent.push(one);
        return Promise.resolve({ ...answerOf('{"value":1}'), id: one.id });
      },
    };
    const readSecret = (): Promise<string> => Promise.resolve('hush');
    const options = {
      url: 'https://errors.example/measure',
      timeoutMs: 5000,
      http,
      clock,
      readSecret,
      nonce: () => 'n1',
    };
    const plugins = new Map([['example.com/errors', httpMetricPlugin(options)]]);
    assert.deepEqual(await metricPluginCalls(plugins).send(request, place, signal), answerOf('{"value":1}'));
    const [{ url, method, body = '', headers } = { url: '', headers: {} as Readonly<Record<string, string>> }] = sent;
    assert.deepEqual([url, method], ['https://errors.example/measure', 'POST']);
    const timestamp = String(Math.floor(clock.now() / 1000));
    const text = `metric-plugin.sluice.dev/v1\n${timestamp}\nn1\n${body}`;
    assert.equal(headers['sluice-timestamp'], timestamp);
    assert.equal(headers['sluice-signature'], `sha256=${createHmac('sha256', 'hush').update(text).digest('hex')}`);
  });

  it('is not asked without its secret', async () => {
    const http: HttpPort = { send: () => assert.fail('nothing is sent') };
    const readSecret = (): Promise<string> => Promise.reject(new Error('there is no such Secret'));
    const clock = new VirtualClock();
    const plugin = httpMetricPlugin({
      url: 'https://a.example',
      timeoutMs: 5000,
      http,
      clock,
      readSecret,
      nonce: () => 'n',
    });
    const plugins = new Map([['example.com/errors', plugin]]);
    const response = await metricPluginCalls(plugins).send(request, place, signal);
    assert.ok(response.kind === 'failure' && response.message === 'there is no such Secret');
  });
});

describe('a metric plug-in in a module', () => {
  const call = (measure: () => unknown, clock = new VirtualClock()): Promise<MetricResponse> =>
    metricPluginCalls(new Map([['example.com/errors', moduleMetricPlugin({ measure }, 1000, clock)]])).send(
      request,
      place,
      signal,
    );

  it('fails when it throws, and has a deadline', async () => {
    const thrown = await call(() => {
      throw new Error('the file is gone');
    });
    assert.ok(thrown.kind === 'failure' && thrown.message === 'the file is gone');
    const clock = new VirtualClock();
    const late = call(() => new Promise(() => undefined), clock);
    await clock.advance(1000);
    const response = await late;
    assert.ok(response.kind === 'failure' && response.code === 'Timeout');
  });

  it('may say nothing, which is no answer', async () => {
    assert.deepEqual(await call(() => undefined), answerOf(''));
  });

  it('must export a function "measure"', () => {
    const measure = (): number => 1;
    assert.equal(typeof readMetricPluginModule({ default: { measure } }), 'object');
    assert.equal(typeof readMetricPluginModule({ measure }), 'object');
    assert.equal(readMetricPluginModule({ run: measure }), 'it exports no function "measure"');
  });
});

function answerOf(body: string): Extract<MetricResponse, { kind: 'answer' }> {
  return { kind: 'answer', id: 'plugin', status: 200, contentType: 'application/json', body };
}
