import assert from 'node:assert/strict';
import { get } from 'node:http';
import { before, test } from 'node:test';

import { listenAddress } from '../control-plane/listen-address.ts';
import { call, isReady, mainOf, Pods, type Pod } from './pods.ts';
import { ownControlPlaneSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

const metadata = { annotations: { 'simulation.sluice.dev/process': 'real' } };
const port = 8080;

/** A web server that says which pod it is, and one that can be told to be unwell. */
const server = `
  const { createServer } = require('node:http');
  let healthy = true;
  createServer((request, response) => {
    if (request.url === '/break') healthy = false;
    if (request.url === '/end') setTimeout(() => process.exit(9), 10);
    response.statusCode = request.url === '/healthy' && !healthy ? 500 : 200;
    response.end(process.env.POD_NAME + ' ' + process.env.POD_IP);
  }).listen(${port}, process.env.LISTEN_ADDRESS);
  process.on('SIGTERM', () => setTimeout(() => process.exit(0), 500));
`;
const container = {
  command: [process.execPath, '-e', server],
  ports: [{ name: 'web', containerPort: port }],
  env: [
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
  ],
  readinessProbe: { httpGet: { port: 'web', path: '/healthy' }, periodSeconds: 1, failureThreshold: 1 },
};

ownControlPlaneSuite('pods that are real processes', { kubelet: { backOff: '1s' } }, (plane) => {
  let pods: Pods;
  before(async () => {
    pods = await Pods.inNewNamespace(plane().cluster());
  });

  test('they serve traffic at addresses of their own', async () => {
    await Promise.all(['one', 'two'].map((name) => pods.create(name, container, { metadata })));
    for (const name of ['one', 'two']) {
      const pod = await pods.until(name, 'is ready', isReady);
      assert.deepEqual(await fetchText(pod, '/'), { status: 200, text: `${name} ${pod.status.podIP}` });
    }
  });

  test('readiness follows the real answer of the probe', async () => {
    await pods.create('breaks', container, { metadata });
    const pod = await pods.until('breaks', 'is ready', isReady);
    await fetchText(pod, '/break');
    await pods.until('breaks', 'is not ready', (seen) => !isReady(seen));
  });

  test('an exit shows with its code, and the process is started again', async () => {
    await pods.create('exits', container, { metadata });
    await fetchText(await pods.until('exits', 'is ready', isReady), '/end');
    const pod = await pods.until('exits', 'was restarted', (seen) => mainOf(seen).restartCount === 1 && isReady(seen));
    assert.equal(mainOf(pod).lastState.terminated?.exitCode, 9);
  });

  test('deletion ends it with SIGTERM and then nobody answers', async () => {
    await pods.create('ends', container, { metadata });
    const pod = await pods.until('ends', 'is ready', isReady);
    await pods.delete('ends');
    assert.equal((await fetchText(pod, '/')).status, 200, 'it drains');
    await pods.untilGone('ends');
    await assert.rejects(fetchText(pod, '/'), { code: 'ECONNREFUSED' });
  });

  test('a command that cannot be started and one that fails show as such', async () => {
    await pods.create('absent', { command: ['/no/such/program'] }, { metadata });
    const absent = await pods.until('absent', 'backs off', (pod) => mainOf(pod).lastState.terminated !== undefined);
    assert.equal(mainOf(absent).lastState.terminated?.reason, 'StartError');
    await pods.create(
      'script',
      { command: ['sh', '-c', 'exit $((40 + 2))'] },
      { metadata, spec: { restartPolicy: 'Never' } },
    );
    const script = await pods.until('script', 'has failed', (pod) => pod.status.phase === 'Failed');
    assert.equal(mainOf(script).state.terminated?.exitCode, 42);
  });

  test('endpoint slices carry the addresses of ready pods', async () => {
    const labels = { app: 'sliced' };
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'sliced', namespace: pods.namespace },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 'web' }] },
    };
    const type = { group: '', version: 'v1', kind: 'Service', plural: 'services', namespaced: true };
    await pods.cluster.create(type, service, {}, call());
    await pods.create('sliced', container, { metadata: { ...metadata, labels } });
    const pod = await pods.until('sliced', 'is ready', isReady);
    const path = `/apis/discovery.k8s.io/v1/namespaces/${pods.namespace}/endpointslices`;
    const slices = await waitUntil(
      'the slice has an address',
      async () => (await pods.cluster.send({ method: 'GET', path }, call())) as Slices,
      ({ items }) => (items[0]?.endpoints ?? []).length === 1,
    );
    assert.deepEqual(slices.items[0]?.endpoints?.[0]?.addresses, [pod.status.podIP]);
  });
});

interface Slices {
  readonly items: readonly { readonly endpoints: readonly { readonly addresses: readonly string[] }[] | null }[];
}

function fetchText(pod: Pod, path: string): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: listenAddress(pod.status.podIP ?? ''), port, path, agent: false, timeout: 5_000 };
    const outgoing = get(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.once('error', reject);
  });
}
