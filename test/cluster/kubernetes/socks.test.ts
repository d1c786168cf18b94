import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { resourceTypes } from '../../../src/api/resource-types.ts';
import { hasCode } from '../../../src/base/error.ts';
import type { ClusterConnection } from '../../../src/cluster/kubernetes/connection.ts';
import { proxyFor } from '../../../src/cluster/kubernetes/proxy.ts';
import { makeCertificate } from '../../control-plane/certificate.ts';
import { call, connect } from './adapter.ts';
import { answer, startScriptedServer, stream, type Act, type ScriptedServer } from './scripted-server.ts';
import { startSocksServer, type SocksServer, type SocksServerOptions } from './socks-server.ts';

const at = { type: resourceTypes.service, namespace: 'shop', name: 'web' };
const web = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', resourceVersion: '7' } };
const ok = answer(200, web);
const authority = makeCertificate({ commonName: 'authority' }, { kind: 'authority' });

interface Place {
  readonly server: ScriptedServer;
  readonly proxy: SocksServer;
  /** The connection to a name that only the proxy knows. */
  readonly connection: ClusterConnection;
}

async function start(
  context: TestContext,
  acts: readonly Act[],
  { user, scheme = 'https', ...options }: Partial<SocksServerOptions> & { readonly scheme?: 'http' | 'https' } = {},
): Promise<Place> {
  const use = { kind: 'server', dnsNames: ['api.internal'], addresses: [] } as const;
  const { pem: cert, keyPem: key } = makeCertificate({ commonName: 'server' }, use, authority);
  const server = await startScriptedServer(acts, scheme === 'https' ? { key, cert } : undefined);
  const asks = user === undefined ? {} : { user };
  const proxy = await startSocksServer({ port: Number(server.url.port), ...asks, ...options });
  context.after(async () => {
    await proxy.close();
    await server.close();
  });
  const connection = {
    name: 'tunnelled',
    server: new URL(`${scheme}://api.internal:6443`),
    authority: { kind: 'text', text: authority.pem },
    proxy: new URL(`socks5://ann:p%40w@127.0.0.1:${proxy.port}`),
    user: {},
  } as const;
  return { server, proxy, connection };
}

describe('a SOCKS5 proxy', () => {
  test('looks names up, asks who we are, and carries TLS over one kept connection', async (context) => {
    const { server, proxy, connection } = await start(context, [ok], { user: 'ann:p@w' });
    const cluster = connect(context, connection);
    await cluster.get(at, call);
    await cluster.get(at, call);
    assert.deepEqual(proxy.asked, ['name api.internal:6443']);
    assert.deepEqual([server.requests.length, server.connections], [2, 1]);
  });

  test('carries plain HTTP and watches, to addresses too', async (context) => {
    const event = `${JSON.stringify({ type: 'ADDED', object: web })}\n`;
    const { proxy, connection } = await start(context, [stream([event], 'end')], { scheme: 'http' });
    const cluster = connect(context, { ...connection, server: new URL('http://[fd00::1]:80') });
    const names: string[] = [];
    for await (const { type } of cluster.watch(at.type, { namespace: 'shop', resourceVersion: '' }, call.signal)) {
      names.push(type);
    }
    assert.deepEqual(names, ['ADDED']);
    assert.deepEqual(proxy.asked, ['address fd000000000000000000000000000001:80']);
  });

  test('is found in the variable of the environment, and only for what NO_PROXY does not except', () => {
    const server = new URL('https://api.internal');
    assert.equal(proxyFor(server, undefined, { HTTPS_PROXY: 'socks5://p:1' })?.href, 'socks5://p:1');
    assert.equal(proxyFor(server, undefined, { https_proxy: 'socks5h://p' })?.href, 'socks5h://p');
    assert.equal(proxyFor(server, undefined, { HTTPS_PROXY: 'socks5://p', NO_PROXY: '.internal' }), undefined);
    assert.equal(proxyFor(server, undefined, { ALL_PROXY: 'socks5://p' }), undefined);
  });

  for (const [name, options, message] of [
    ['asks for another password', { user: 'ann:other' }, /the proxy does not let us through \(.*Authentication failed/],
    ['allows no such connection', { refusal: 2 }, /the proxy does not let us through \(.*NotAllowed/],
    ['finds nothing there', { refusal: 5 }, /the proxy does not let us through \(.*ConnectionRefused/],
  ] as const) {
    test(`that ${name} is said so, without its password`, async (context) => {
      const { connection } = await start(context, [ok], options);
      await assert.rejects(connect(context, connection).get(at, call), (error) => {
        assert.ok(hasCode(error, 'Unavailable'), String(error));
        assert.match(error.message, message);
        assert.doesNotMatch(JSON.stringify([error, error.cause]), /p@w|p%40w/);
        return true;
      });
    });
  }

  test('that is gone, or says nothing, costs the deadline at most', async (context) => {
    const { connection } = await start(context, [ok], { isSilent: true });
    const cluster = connect(context, connection);
    await assert.rejects(cluster.get(at, { ...call, timeoutMs: 50 }), (error) => hasCode(error, 'Timeout'));
    const gone = { ...connection, proxy: new URL('socks5://127.0.0.1:1') };
    await assert.rejects(
      connect(context, gone).get(at, call),
      (error) => hasCode(error, 'Unavailable') && /ECONNREFUSED 127\.0\.0\.1:1/.test(error.message),
    );
  });
});
