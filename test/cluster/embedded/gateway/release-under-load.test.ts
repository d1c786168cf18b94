import assert from 'node:assert/strict';
import http from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { resourceTypes } from '../../../../src/api/resource-types.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { silentLog } from '../../../../src/base/log.ts';
import { seededRandom } from '../../../../src/base/random.ts';
import { startLocalGateway, type LocalGateway } from '../../../../src/cluster/embedded/gateway/local-gateway.ts';
import type { RequestRecord } from '../../../../src/cluster/embedded/gateway/request-record.ts';
import { startWorkloads, type Workloads } from '../../../../src/cluster/embedded/workloads/workloads.ts';
import { call, Farm } from '../runtime/farm.ts';
import { pause, until } from '../shop.ts';

const { deployment, httpRoute, service } = resourceTypes;

describe('a release under load, with real processes', () => {
  let farm: Farm;
  let workloads: Workloads;
  let gateway: LocalGateway;
  let records: RequestRecord[];
  beforeEach(async () => {
    farm = new Farm();
    records = [];
    const following = { cluster: farm.cluster, clock: systemClock, random: seededRandom(2), log: silentLog };
    gateway = await startLocalGateway({
      ...following,
      listen: { host: '127.0.0.1', port: 0 },
      onRequest: (record) => records.push(record),
    });
    await farm.open({ drain: (address, timeoutMs) => gateway.drain(address, timeoutMs) });
    workloads = startWorkloads(following);
    await workloads.synced;
  });
  afterEach(async () => {
    await gateway.stop(100);
    await workloads.stop();
    await farm.close();
  });

  async function revision(name: string, tag: string, replicas: number): Promise<void> {
    const labels = { app: name };
    const readinessProbe = { httpGet: { path: '/health', port: 8080 }, periodSeconds: 1 };
    const containers = [{ name: 'main', image: `example.com/web:${tag}`, readinessProbe }];
    await farm.create(deployment, name, {
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers, terminationGracePeriodSeconds: 10 } },
      },
    });
    await farm.create(service, name, { spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } });
  }

  async function patch(type: typeof deployment | typeof httpRoute, name: string, spec: object): Promise<void> {
    const at = { type, namespace: 'farm', name };
    await farm.cluster.patch(at, { kind: 'merge', body: { spec } }, {}, call);
  }

  function weights(stable: number, canary: number) {
    return {
      rules: [
        {
          backendRefs: [
            { name: 'stable', port: 80, weight: stable },
            { name: 'canary', port: 80, weight: canary },
          ],
        },
      ],
    };
  }

  async function untilAvailable(name: string, count: number): Promise<void> {
    await until(async () => {
      const { status } = await farm.cluster.get({ type: deployment, namespace: 'farm', name }, call);
      return (status as { availableReplicas?: number }).availableReplicas === count;
    }, `${name} has ${count} available pods`);
  }

  test('no request fails while weights change, pods come and go, and revisions end', async () => {
    await Promise.all([revision('stable', 'v1', 2), revision('canary', 'v2', 0)]);
    await farm.create(httpRoute, 'web', { spec: { parentRefs: [{ name: 'any' }], ...weights(100, 0) } });
    await untilAvailable('stable', 2);
    const load = startLoad(gateway.url, 12);
    await patch(deployment, 'canary', { replicas: 2 });
    await untilAvailable('canary', 2);
    for (const canary of [5, 50, 95, 50, 100]) {
      await patch(httpRoute, 'web', weights(100 - canary, canary));
      await pause(60);
    }
    // The old revision goes while it still has requests in flight, and comes back under a new one.
    await patch(deployment, 'stable', { replicas: 0 });
    await patch(deployment, 'canary', { replicas: 3 });
    await pause(200);
    await patch(deployment, 'canary', { replicas: 1 });
    await pause(200);
    const { count, failures } = await load.stop();
    assert.deepEqual(failures, []);
    assert.ok(count > 200, `${count} requests`);
    await until(() => records.length >= count, 'all are recorded');
    assert.deepEqual(new Set(records.map(({ status }) => status)), new Set([200]));
    assert.equal(new Set(records.map(({ pod }) => pod)).size >= 4, true);
  });
});

/** Clients that send one request after the other, some of them slow, half on kept and half on fresh connections. */
function startLoad(url: string, clientCount: number) {
  const failures: string[] = [];
  let count = 0;
  const ending = new AbortController();
  const client = async (index: number): Promise<void> => {
    const agent = new http.Agent({ keepAlive: index % 2 === 0 });
    for (let turn = 0; !ending.signal.aborted; turn += 1) {
      const path = turn % 7 === 0 ? `/slow/${40 + index * 5}` : '/';
      const failure = await send(`${url}${path}`, agent);
      count += 1;
      if (failure !== undefined) failures.push(failure);
      await pause(turn % 3);
    }
    agent.destroy();
  };
  const clients = Array.from({ length: clientCount }, (_, index) => client(index));
  return {
    async stop() {
      ending.abort();
      await Promise.all(clients);
      return { count, failures };
    },
  };
}

function send(url: string, agent: http.Agent): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = http.request(url, { agent, method: 'POST' }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      answer.on('error', (error) => resolve(`broken: ${error.message}`));
      answer.on('end', () => resolve(answer.statusCode === 200 ? undefined : `${answer.statusCode} ${text}`));
    });
    request.on('error', (error) => resolve(`failed: ${error.message}`));
    request.end('order');
  });
}
