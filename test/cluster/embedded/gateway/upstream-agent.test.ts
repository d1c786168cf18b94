import assert from 'node:assert/strict';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { UpstreamAgent, type KeyedOptions } from '../../../../src/cluster/embedded/gateway/upstream-agent.ts';
import { until } from '../shop.ts';
import { VirtualClock } from '../virtual-clock.ts';

describe('the connections to one pod', () => {
  let clock: VirtualClock;
  let agent: UpstreamAgent;
  let server: net.Server;
  const accepted = new Set<net.Socket>();
  const opened = new Set<net.Socket>();

  beforeEach(async () => {
    clock = new VirtualClock();
    agent = new UpstreamAgent(clock);
    server = net.createServer((socket) => {
      accepted.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    agent.destroy();
    for (const socket of accepted) socket.destroy();
    accepted.clear();
    opened.clear();
    await new Promise((resolve) => server.close(resolve));
  });

  /** A request on a kept connection, or else on a fresh one, which is kept afterwards. */
  async function ask(): Promise<void> {
    const { port } = server.address() as AddressInfo;
    const socketKey = agent.nextKey();
    const options: KeyedOptions = { agent, host: '127.0.0.1', port, socketKey };
    const request = http.get(options, (answer) => answer.resume());
    const socket = await new Promise<net.Socket>((resolve, reject) => {
      request.once('socket', resolve);
      request.once('error', reject);
    });
    agent.learnKey(socket, socketKey);
    opened.add(socket);
    await until(() => Object.values(agent.freeSockets).flat().includes(socket), 'the connection is kept');
  }

  /** The pod closes a connection, and the agent hears of it. */
  async function closeAll(): Promise<void> {
    for (const socket of accepted) socket.end();
    await until(() => [...opened].every(({ destroyed }) => destroyed), 'the connections are closed');
  }

  test('are used again once one was seen to stay open, and for half that time', async () => {
    await ask();
    await clock.advance(300);
    assert.equal(agent.hasReusable, false);
    await clock.advance(1000);
    await ask();
    assert.equal(agent.hasReusable, true);
    await ask();
    assert.equal(opened.size, 2);
    await clock.advance(1000);
    assert.equal(agent.hasReusable, false);
  });

  test('prove nothing while this process does not run', async () => {
    await ask();
    await ask();
    // Every timer that is due is late.
    clock.stall(2000);
    await clock.advance(100);
    await ask();
    assert.equal(agent.hasReusable, false);
  });

  test('of a pod that has closed an idle one at once are not used again, however long another one is kept', async () => {
    await ask();
    await closeAll();
    await ask();
    await clock.advance(1500);
    await ask();
    assert.equal(agent.hasReusable, false);
  });

  test('of a pod that closes them after a while are used again only much earlier', async () => {
    await ask();
    await clock.advance(1250);
    await closeAll();
    await ask();
    assert.equal(agent.hasReusable, true);
    await clock.advance(600);
    assert.equal(agent.hasReusable, false);
  });
});
