import assert from 'node:assert/strict';
import net from 'node:net';
import { afterEach, describe, it } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import type { Log } from '../../src/base/log.ts';
import { silentLog } from '../../src/base/log.ts';
import type { ClusterPort } from '../../src/cluster/port.ts';
import { hashOf, raiseCanary, Stage } from './stage.ts';

/** A port of which one call is replaced. */
function replaced(port: ClusterPort, call: keyof ClusterPort, by: (...given: never[]) => unknown): ClusterPort {
  return new Proxy(port, {
    get(target, property) {
      if (property === call) return by;
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

describe('the API in trouble', () => {
  const open: Stage[] = [];

  afterEach(async () => {
    for (const stage of open.splice(0)) await stage.close();
  });

  function stageWith(...options: ConstructorParameters<typeof Stage>): Stage {
    const stage = new Stage(...options);
    open.push(stage);
    return stage;
  }

  it('answers Timeout, and ends the call, when the cluster does not answer', async () => {
    let ended: AbortSignal | undefined;
    const inner = new Stage();
    open.push(inner);
    const hanging = replaced(inner.cluster, 'list', (_, __, call: { signal: AbortSignal }) => {
      ended = call.signal;
      return new Promise(() => undefined);
    });
    const stage = stageWith({ cluster: hanging, limits: { answerTimeoutMs: 30 } });
    const url = await stage.listen();
    const answer = await fetch(`${url}/api/v1/rollouts`, { headers: { authorization: `Bearer ${stage.token}` } });
    assert.equal(answer.status, 504);
    assert.deepEqual(await answer.json(), { code: 'Timeout', message: 'the request took too long' });
    assert.equal(ended?.aborted, true);
  });

  it('tells the log of a bug, and the caller nothing of it', async () => {
    const lines: string[] = [];
    const log: Log = { ...silentLog, error: (fields, message) => lines.push(`${message} ${JSON.stringify(fields)}`) };
    const inner = stageWith();
    const broken = replaced(inner.cluster, 'list', () => {
      throw new TypeError('secret detail');
    });
    const stage = stageWith({ cluster: broken, log });
    const { status, body } = await stage.ask('GET', '/api/v1/rollouts?namespace=shop');
    assert.deepEqual([status, body['code']], [500, 'Internal']);
    assert.doesNotMatch(JSON.stringify(body), /secret/);
    assert.match(lines.join(), /^a request met a bug .*secret detail/);
    assert.doesNotMatch(lines.join(), new RegExp(`${stage.token}|namespace=`));
  });

  it('parts from a watcher that does not read', async () => {
    const stage = stageWith({ limits: { stallTimeoutMs: 50, watchIntervalMs: 0, heartbeatMs: 5 } });
    await raiseCanary(stage);
    const { port } = new URL(await stage.listen());
    const socket = net.connect({ port: Number(port), host: '127.0.0.1' });
    // Nothing is read, so that the buffers of both sides fill.
    socket.pause();
    socket.write(
      `GET /api/v1/watch/namespaces/shop/rollouts/web HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${stage.token}\r\n\r\n`,
    );
    socket.on('error', () => undefined);
    const message = 'x'.repeat(200_000);
    const connections = () =>
      new Promise<number>((resolve) => stage.server.server.getConnections((_, count) => resolve(count)));
    while ((await connections()) === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 300 && (await connections()) > 0; turn += 1) {
      await stage.setStatus(resourceTypes.rollout, 'web', { message: `${turn} ${message}` });
    }
    const left = await connections();
    socket.destroy();
    assert.equal(left, 0, 'the server keeps no connection to it');
  });

  it('takes a command over a connection, body and all', async () => {
    const stage = stageWith();
    await raiseCanary(stage);
    const url = await stage.listen();
    const answer = await fetch(`${url}/api/v1/namespaces/shop/rollouts/web/abort`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stage.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ revision: hashOf('shop/web:v2'), actor: 'ada' }),
    });
    assert.deepEqual([answer.status, ((await answer.json()) as { changed: boolean }).changed], [200, true]);
  });
});
