import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import type { StepPluginRequest } from '../../src/controller/step-plugins/contract.ts';
import { ControllerProcess } from './controller-process.ts';
import { installKinds, Shop } from './shop.ts';
import { ownControlPlaneSuite } from './suite.ts';

const secret = 'hush';
const kubelet = { startLatency: '50ms' };
const moduleText = `
export const run = async ({ execution }) =>
  execution < 2 ? { phase: 'Running', requeueAfter: '1s' } : { phase: 'Successful', message: 'warm' };
`;

ownControlPlaneSuite('step plug-ins on a real control plane', { kubelet }, (plane) => {
  let shop: Shop;
  let controller: ControllerProcess;
  let folder = '';
  const calls: { readonly request: StepPluginRequest; readonly isSigned: boolean }[] = [];
  const server = createServer((request, response) => void answer(request, response));

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of incoming as AsyncIterable<Buffer>) body += chunk.toString();
    const { 'sluice-timestamp': time, 'sluice-nonce': nonce, 'sluice-signature': signature } = incoming.headers;
    const text = ['step-plugin.sluice.dev/v1', time, nonce, body].join('\n');
    const wanted = `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`;
    const request = JSON.parse(body) as StepPluginRequest; // what is tested here
    calls.push({ request, isSigned: signature === wanted });
    const isBad = JSON.stringify(request.step.config).includes('bad');
    response.end(
      JSON.stringify({ phase: isBad && request.operation === 'Run' ? 'Failed' : 'Successful', message: 'seen' }),
    );
  }

  before(async () => {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    await installKinds(plane());
    shop = await Shop.open(plane());
    await shop.create(resourceTypes.secret, 'smoke', { stringData: { hmac: secret } });
    folder = await mkdtemp(join(tmpdir(), 'sluice-plug-ins-'));
    await writeFile(join(folder, 'warm.mjs'), moduleText);
    const plugins = [
      {
        name: 'example.com/smoke',
        url: `http://127.0.0.1:${port}/smoke`,
        allowHttp: true,
        secret: { name: 'smoke', namespace: shop.namespace, key: 'hmac' },
      },
      { name: 'example.com/warm', module: './warm.mjs' },
    ];
    await writeFile(join(folder, 'plugins.yaml'), JSON.stringify(plugins));
    controller = new ControllerProcess(plane().kubeconfig(), ['--step-plugins', join(folder, 'plugins.yaml')]);
    await controller.leads();
  });

  after(async () => {
    shop.close();
    await controller.end();
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  });

  test('carry a release through a signed call, a module and an approval', async () => {
    const plugin = (name: string, config: object = {}): object => ({ plugin: { name, config } });
    const steps = [
      { setWeight: 50 },
      plugin('example.com/smoke', { suite: 'checkout' }),
      plugin('example.com/warm'),
      plugin('sluice.dev/approval', { approvers: ['ann'] }),
    ];
    await shop.rollout('web', { canary: { steps } });
    const first = await shop.untilHealthy('web');
    await shop.setImage('web', 'v2');
    const waiting = await shop.until('waits for its approval', 'web', ({ canary }) =>
      (canary?.stepPluginStatuses ?? []).some(({ message }) => message === 'waits for approval by ann'),
    );
    assert.deepEqual(
      waiting.canary?.stepPluginStatuses?.map(({ phase, executions }) => [phase, executions]),
      [
        ['Successful', 1],
        ['Successful', 2],
        ['Running', undefined],
      ],
    );
    assert.equal(calls.length, 1);
    const [{ request, isSigned } = assert.fail()] = calls;
    assert.ok(isSigned, 'the signature is genuine');
    assert.deepEqual(
      [request.operation, request.step, request.rollout.name, request.rollout.revision],
      ['Run', { index: 1, config: { suite: 'checkout' } }, 'web', 2],
    );
    const approved = waiting.canary?.stepPluginStatuses?.map((entry) =>
      entry.index === 3 ? { ...entry, status: { approval: { by: 'ann', at: '2026-01-01T00:00:00Z' } } } : entry,
    );
    await shop.patch('web', { status: { canary: { stepPluginStatuses: approved } } }, 'status');
    await shop.until('is promoted', 'web', ({ phase, stableRS }) => phase === 'Healthy' && stableRS !== first.stableRS);
  });

  test('abort a release that they find bad, and are told of it', async () => {
    const plugin = (config: object): object => ({ plugin: { name: 'example.com/smoke', config } });
    await shop.rollout('bad', { canary: { steps: [plugin({ a: 1 }), plugin({ bad: true })] } });
    const first = await shop.untilHealthy('bad');
    await shop.setImage('bad', 'v2');
    const aborted = await shop.until('is aborted', 'bad', ({ phase, canary }) => {
      const entries = canary?.stepPluginStatuses ?? [];
      return (
        phase === 'Degraded' && entries.some(({ operation, phase: at }) => operation === 'Abort' && at === 'Successful')
      );
    });
    assert.equal(aborted.stableRS, first.stableRS);
    assert.match(aborted.message ?? '', /Step plug-in example.com\/smoke failed: seen/u);
    const told = calls.filter(({ request }) => request.rollout.name === 'bad').map(({ request }) => request);
    assert.deepEqual(
      told.map(({ operation, step }) => `${operation} ${step.index}`),
      ['Run 0', 'Run 1', 'Abort 0'],
    );
  });
});
