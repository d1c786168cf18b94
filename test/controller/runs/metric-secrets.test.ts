import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { HttpPort } from '../../../src/controller/http-port.ts';
import type { MetricRequest } from '../../../src/providers/metrics/contract.ts';
import { AnalysisStage } from './analysis-stage.ts';

const provider = { datadog: { query: 'avg:a{*}', secretRef: { name: 'keys', namespaced: true } } };
const metrics = [{ name: 'load', successCondition: 'result < 1', provider, consecutiveErrorLimit: 0 }];

describe('the Secret of a metric', () => {
  it('is sent with the requests of its provider', async () => {
    const { http, requests } = recording({ status: 'ok', series: [{ pointlist: [[1000, 0.5]] }] });
    const status = await ended(http, { 'api-key': 'first-key\n', 'app-key': 'second-key' });
    assert.equal(status.phase, 'Successful');
    assert.equal(requests[0]?.headers['dd-api-key'], 'first-key');
    assert.equal(requests[0]?.headers['dd-application-key'], 'second-key');
  });

  it('stays hidden when a source repeats it', async () => {
    const { http } = recording({ status: 'error', error: 'the key first-key is not known' });
    const status = await ended(http, { 'api-key': 'first-key', 'app-key': 'second-key' });
    assert.equal(status.phase, 'Error');
    const text = JSON.stringify(status);
    assert.match(text, /the key \*\*\*\*\* is not known/);
    assert.ok(!text.includes('first-key') && !text.includes('second-key'));
  });

  it('is named when it is missing or lacks a key, and nothing is sent', async () => {
    const { http, requests } = recording({});
    assert.match(messageIn(await ended(http, undefined)), /the Secret "keys" in the namespace "shop" does not exist/);
    assert.match(messageIn(await ended(http, { 'api-key': 'first-key' })), /"keys".* has no key "app-key"/);
    assert.equal(requests.length, 0);
  });

  it('may stand in the environment of the controller where the metric names no other', async () => {
    const { http, requests } = recording({ status: 'ok', series: [{ pointlist: [[1000, 0.5]] }] });
    const environment = { DD_API_KEY: 'first-key', DD_APP_KEY: 'second-key', DD_ADDRESS: 'https://api.datadoghq.eu' };
    const plain = [{ ...metrics[0], provider: { datadog: { query: 'avg:a{*}' } } }];
    assert.equal((await ended(http, undefined, plain, environment)).phase, 'Successful');
    assert.match(requests[0]?.url ?? '', /^https:\/\/api\.datadoghq\.eu\//);
    assert.equal(requests[0]?.headers['dd-api-key'], 'first-key');
    assert.equal((await ended(http, undefined, metrics, environment)).phase, 'Error');
  });

  it('is read in the namespace of the controller unless it belongs to the run', async () => {
    const { http } = recording({});
    const shared = [{ ...metrics[0], provider: { datadog: { query: 'avg:a{*}' } } }];
    const status = await ended(http, undefined, shared);
    assert.match(messageIn(status), /the Secret "datadog" in the namespace "default" does not exist/);
  });
});

type Status = Awaited<ReturnType<AnalysisStage['ended']>>;

async function ended(
  http: HttpPort,
  texts: Readonly<Record<string, string>> | undefined,
  measured: readonly object[] = metrics,
  environment: Readonly<Record<string, string>> = {},
): Promise<Status> {
  const stage = new AnalysisStage(http, { environment });
  await stage.startController();
  if (texts !== undefined) await stage.createSecret('keys', texts);
  await stage.createRun('web', { metrics: measured });
  const status = await stage.ended('web');
  await stage.close();
  return status;
}

function messageIn({ metricResults }: Status): string {
  return metricResults?.[0]?.measurements?.[0]?.message ?? '';
}

function recording(body: object): { readonly http: HttpPort; readonly requests: readonly MetricRequest[] } {
  const requests: MetricRequest[] = [];
  const http: HttpPort = {
    send(request) {
      requests.push(request);
      return Promise.resolve({
        kind: 'answer',
        id: request.id,
        status: 200,
        contentType: 'application/json',
        body: JSON.stringify(body),
      });
    },
  };
  return { http, requests };
}
