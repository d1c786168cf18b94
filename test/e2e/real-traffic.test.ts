import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { startLocalGateway, type LocalGateway } from '../../src/cluster/embedded/gateway/local-gateway.ts';
import type { ClusterPort, WatchEvent } from '../../src/cluster/port.ts';
import { delegate } from '../cluster/delegate.ts';
import { listenAddress } from '../control-plane/listen-address.ts';
import { ControllerProcess } from './controller-process.ts';
import { installKinds, Shop } from './shop.ts';
import { ownControlPlaneSuite } from './suite.ts';

const port = 8080;
const name = 'web';
const clients = 4;
/** Enough requests for the share of a side to be seen. */
const lookMs = 3000;

/** A web server that answers with its version, and finishes what it has begun when it ends. */
const program = `
  const { createServer } = require('node:http');
  const server = createServer((request, response) => response.end(process.env.VERSION));
  server.listen(${port}, process.env.LISTEN_ADDRESS);
  process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
`;

function template(version: string): object {
  const container = {
    name: 'web',
    image: `shop:${version}`,
    command: [process.execPath, '-e', program],
    env: [{ name: 'VERSION', value: version }],
    ports: [{ name: 'http', containerPort: port }],
    readinessProbe: { httpGet: { port: 'http', path: '/' }, periodSeconds: 1 },
    // Who is asked to end is no longer given requests a moment later.
    lifecycle: { preStop: { sleep: { seconds: 1 } } },
  };
  const metadata = { labels: { app: name }, annotations: { 'simulation.sluice.dev/process': 'real' } };
  return { metadata, spec: { terminationGracePeriodSeconds: 5, containers: [container] } };
}

function strategyIn(namespace: string): object {
  const plugins = { 'argoproj-labs/gatewayAPI': { httpRoute: name, namespace } };
  const steps = [{ setWeight: 25 }, { pause: {} }, { setWeight: 100 }, { pause: { duration: 1 } }];
  return { canary: { stableService: 'stable', canaryService: 'canary', trafficRouting: { plugins }, steps } };
}

ownControlPlaneSuite('real traffic through a real proxy to pods that are real', { gatewayApi: true }, (plane) => {
  let shop: Shop;
  let controller: ControllerProcess;
  let gateway: LocalGateway;
  let users: Users;

  before(async () => {
    await installKinds(plane());
    shop = await Shop.open(plane());
    controller = new ControllerProcess(plane().kubeconfig(), ['--leader-elect', 'false']);
    await controller.leads();
    for (const service of ['stable', 'canary']) {
      const ports = [{ port: 80, targetPort: 'http' }];
      await shop.create(resourceTypes.service, service, { spec: { selector: { app: name }, ports } });
    }
    const backendRefs = ['stable', 'canary'].map((service) => ({ name: service, port: 80 }));
    const spec = { parentRefs: [{ name: 'edge' }], rules: [{ backendRefs }] };
    await shop.create(resourceTypes.httpRoute, name, { spec });
    const strategy = strategyIn(shop.namespace);
    const selector = { matchLabels: { app: name } };
    await shop.create(resourceTypes.rollout, name, {
      spec: { replicas: 2, selector, template: template('v1'), strategy },
    });
    gateway = await startLocalGateway({
      cluster: reachable(plane().cluster()),
      clock: systemClock,
      random: seededRandom(1),
      log: silentLog,
      listen: { host: '127.0.0.1', port: 0 },
    });
    await shop.untilHealthy(name);
    users = new Users(gateway.url);
  });

  after(async () => {
    shop.close();
    await users.stop();
    await gateway.stop();
    await controller.end();
  });

  /** Versions that users saw from now on, by the number of answers. */
  async function seen(): Promise<Readonly<Record<string, number>>> {
    users.answers.length = 0;
    await delay(lookMs);
    return Object.fromEntries([...Map.groupBy(users.answers, (text) => text)].map(([key, all]) => [key, all.length]));
  }

  test('users see as much of a revision as its weight says, and no request is lost, up to the abort', async () => {
    assert.deepEqual(Object.keys(await seen()), ['v1']);
    await shop.patch(name, { spec: { template: template('v2') } });
    await shop.untilPaused(name);
    const { v1 = 0, v2 = 0, ...others } = await seen();
    assert.deepEqual(others, {});
    const share = v2 / (v1 + v2);
    assert.ok(v1 + v2 > 200 && share > 0.15 && share < 0.35, `${v1} of v1 and ${v2} of v2`);
    await shop.patch(name, { status: { abort: true } }, 'status');
    await shop.until('is aborted', name, ({ phase }) => phase === 'Degraded');
    assert.deepEqual(Object.keys(await seen()), ['v1']);
    assert.deepEqual(users.failures, []);
  });

  test('and through a promotion', async () => {
    await shop.patch(name, { status: { abort: false } }, 'status');
    await shop.untilPaused(name);
    await shop.patch(name, { status: { pauseConditions: null } }, 'status');
    await shop.until('is promoted', name, ({ phase, stableRS, currentPodHash }) => {
      return phase === 'Healthy' && stableRS === currentPodHash;
    });
    assert.deepEqual(Object.keys(await seen()), ['v2']);
    assert.deepEqual(users.failures, []);
  });
});

/** Some users who ask again as soon as they are answered. */
class Users {
  readonly answers: string[] = [];
  readonly failures: string[] = [];
  readonly #running: Promise<unknown>;
  #isStopped = false;

  constructor(url: string) {
    this.#running = Promise.all(Array.from({ length: clients }, () => this.#ask(url)));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #ask(url: string): Promise<void> {
    while (!this.#isStopped) {
      const [status, text] = await fetch(url).then(
        async (answer) => [answer.status, await answer.text()] as const,
        (error: unknown) => [0, String(error)] as const,
      );
      if (status === 200) this.answers.push(text);
      else this.failures.push(`${status} ${text}`);
      await delay(5);
    }
  }
}

/** The cluster with the addresses at which its pods really listen. */
function reachable(cluster: ClusterPort): ClusterPort {
  async function* watch(...rest: Parameters<ClusterPort['watch']>): AsyncGenerator<WatchEvent> {
    for await (const event of cluster.watch(...rest)) {
      yield event.type === 'BOOKMARK' ? event : { ...event, object: translated(event.object) };
    }
  }
  return {
    ...delegate(cluster),
    watch,
    get: async (...rest) => translated(await cluster.get(...rest)),
    async list(...rest) {
      const page = await cluster.list(...rest);
      return { ...page, items: page.items.map(translated) };
    },
  };
}

function translated(object: KubeObject): KubeObject {
  if (object.kind !== 'Pod' && object.kind !== 'EndpointSlice') return object;
  const text = JSON.stringify(object).replaceAll(/"(10\.\d+\.\d+\.\d+)"/g, (_, address: string) =>
    JSON.stringify(listenAddress(address)),
  );
  return JSON.parse(text) as KubeObject;
}
