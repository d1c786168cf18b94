import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect as connectSocket, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { resourceTypes } from '../../../src/api/resource-types.ts';
import { hasCode } from '../../../src/base/error.ts';
import { findConnection } from '../../../src/cluster/kubernetes/find-connection.ts';
import { proxyFor } from '../../../src/cluster/kubernetes/proxy.ts';
import { makeCertificate } from '../../control-plane/certificate.ts';
import { call, connect } from './adapter.ts';
import { answer, startScriptedServer } from './scripted-server.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const pem = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----';

async function folderOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-kubeconfig-'));
  context.after(() => rm(folder, { recursive: true }));
  return folder;
}

const kubeconfig = `
apiVersion: v1
kind: Config
current-context: shop
clusters:
- name: one
  cluster: {server: "https://one.example:6443/base/", certificate-authority: ca.pem, tls-server-name: api, proxy-url: "http://proxy:3128"}
- name: two
  cluster: {server: "http://127.0.0.1:8001", insecure-skip-tls-verify: true}
users:
- name: ann
  user: {client-certificate-data: ${base64(pem)}, client-key: keys/ann.pem, tokenFile: token, as: bob, as-groups: [dev]}
- name: program
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./login
      args: [get-token, "7"]
      env: [{name: A, value: b}]
      installHint: Ask Ann.
      provideClusterInfo: true
- name: named
  user: {username: n, password: p}
contexts:
- name: shop
  context: {cluster: one, user: ann, namespace: shop}
- name: plug
  context: {cluster: two, user: program}
- name: lost
  context: {cluster: three, user: ann}
- name: nobody
  context: {cluster: two}
`;

describe('a kubeconfig', () => {
  test('says how the current context is reached; its paths start from its own folder', async (context) => {
    const folder = await folderOf(context);
    const file = path.join(folder, 'config');
    await writeFile(file, kubeconfig);
    const connection = await findConnection({ kubeconfig: file, environment: {} });
    assert.deepEqual(connection, {
      name: 'shop',
      server: new URL('https://one.example:6443/base/'),
      authority: { kind: 'file', path: path.join(folder, 'ca.pem') },
      serverName: 'api',
      proxy: new URL('http://proxy:3128'),
      namespace: 'shop',
      user: {
        certificate: { kind: 'text', text: pem },
        key: { kind: 'file', path: path.join(folder, 'keys/ann.pem') },
        token: { kind: 'file', path: path.join(folder, 'token') },
        impersonate: { user: 'bob', groups: ['dev'], extra: {} },
      },
    });
    assert.deepEqual(await findConnection({ kubeconfig: file, context: 'plug', environment: {} }), {
      name: 'plug',
      server: new URL('http://127.0.0.1:8001/'),
      insecure: true,
      user: {
        plugin: {
          command: path.join(folder, 'login'),
          words: ['get-token', '7'],
          environment: { A: 'b' },
          apiVersion: 'client.authentication.k8s.io/v1',
          wantsCluster: true,
          installHint: 'Ask Ann.',
        },
      },
    });
    assert.deepEqual((await findConnection({ kubeconfig: file, context: 'nobody', environment: {} })).user, {});
  });

  test('may be several files, of which the first counts and some may be missing', async (context) => {
    const folder = await folderOf(context);
    const [first, second] = [path.join(folder, 'first'), path.join(folder, 'second')];
    await writeFile(first, 'current-context: plug\nclusters: [{name: two, cluster: {server: "https://two:1"}}]\n');
    await writeFile(second, kubeconfig);
    const KUBECONFIG = [path.join(folder, 'missing'), first, second].join(path.delimiter);
    const connection = await findConnection({ environment: { KUBECONFIG } });
    assert.equal(connection.name, 'plug');
    assert.equal(connection.server.href, 'https://two:1/');
  });

  test('is looked for in the pod, then at home', async (context) => {
    const folder = await folderOf(context);
    const account = path.join(folder, 'account');
    await mkdir(account);
    await mkdir(path.join(folder, '.kube'));
    await writeFile(path.join(folder, '.kube/config'), kubeconfig);
    const environment = { HOME: folder, KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
    const search = { environment, serviceAccountFolder: account };
    assert.equal((await findConnection(search)).name, 'shop');
    await writeFile(path.join(account, 'token'), 't');
    await writeFile(path.join(account, 'namespace'), 'sluice-system\n');
    assert.deepEqual(await findConnection(search), {
      name: 'in-cluster',
      namespace: 'sluice-system',
      server: new URL('https://[fd00::1]:6443'),
      authority: { kind: 'file', path: path.join(account, 'ca.crt') },
      user: { token: { kind: 'file', path: path.join(account, 'token') } },
    });
    assert.equal((await findConnection({ ...search, context: 'plug' })).name, 'plug');
  });

  test('that cannot be used says what is wrong and where, without secrets', async (context) => {
    const folder = await folderOf(context);
    const file = path.join(folder, 'config');
    const cases: readonly [string, string | undefined, RegExp][] = [
      [kubeconfig, 'nope', /config: there is no context "nope"; there is: shop, plug, lost, nobody$/],
      [kubeconfig, 'lost', /context "lost": there is no cluster "three"; there is: one, two$/],
      ['users: []', undefined, /no context is current; name one of: \(none\)$/],
      ['- a', undefined, /config: is no kubeconfig/],
      ['a: [token-secret', undefined, /config, line \d+: is no YAML: (?!.*secret)/],
      [
        kubeconfig.replace('https://one.example:6443/base/', 'one'),
        undefined,
        /cluster "one": server: "one" is no URL/,
      ],
      [
        kubeconfig.replace('https://one.example', 'ftp://one.example'),
        undefined,
        /cluster "one": server: "ftp:.*" is no URL/,
      ],
      [
        kubeconfig.replace('client-key: keys/ann.pem, ', ''),
        undefined,
        /user "ann": client-certificate and client-key/,
      ],
      [kubeconfig.replace(base64(pem), 'rubbish'), undefined, /client-certificate-data is no PEM text in base64/],
      [
        kubeconfig.replace('command: ./login', 'interactiveMode: Always\n      command: x'),
        'plug',
        /nobody is there to be asked/,
      ],
    ];
    for (const [content, chosen, message] of cases) {
      await writeFile(file, content);
      const search = { kubeconfig: file, environment: {}, ...(chosen === undefined ? {} : { context: chosen }) };
      await assert.rejects(findConnection(search), (error) => {
        assert.ok(hasCode(error, 'Usage'), String(error));
        assert.match(error.message, message);
        return true;
      });
    }
    for (const [search, message] of [
      [{ kubeconfig: path.join(folder, 'none'), environment: {} }, /cannot read the kubeconfig .*none: ENOENT/],
      [{ kubeconfig: folder, environment: {} }, /cannot read the kubeconfig .*EISDIR/],
      [{ environment: { HOME: path.join(folder, 'empty') } }, /no cluster is named: give --kubeconfig/],
    ] as const) {
      await assert.rejects(findConnection(search), (error) => hasCode(error, 'Usage') && message.test(error.message));
    }
  });
});

describe('a proxy', () => {
  const through = (server: string, environment: Record<string, string>): string | undefined =>
    proxyFor(new URL(server), undefined, environment)?.href;

  test('of the environment is used for what NO_PROXY does not except', () => {
    const HTTPS_PROXY = 'proxy:3128';
    const used = 'http://proxy:3128/';
    const cases: readonly [string, string, string | undefined][] = [
      ['https://api.example', '', used],
      ['https://api.example', 'example', undefined],
      ['https://api.example', '.example', undefined],
      ['https://example', '.example', used],
      ['https://api.example', '*.example', undefined],
      ['https://api.example', 'ample', used],
      ['https://api.example', ' other , API.example ', undefined],
      ['https://api.example', 'api.example:443', undefined],
      ['https://api.example:6443', 'api.example:443', used],
      ['https://api.example', '*', undefined],
      ['https://10.1.2.3', '10.0.0.0/8', undefined],
      ['https://11.1.2.3', '10.0.0.0/8', used],
      ['https://11.1.2.3', '10.0.0.0/99', used],
      ['https://10.1.2.3', '10.1.2.3', undefined],
      ['https://[fd00::1]', 'fd00::/8', undefined],
      ['https://localhost:6443', '', undefined],
      ['https://127.0.0.1:6443', '', undefined],
      ['http://api.example', '', undefined],
    ];
    for (const [server, NO_PROXY, expected] of cases) {
      assert.equal(through(server, { HTTPS_PROXY, NO_PROXY }), expected, `${server} with "${NO_PROXY}"`);
    }
    assert.equal(through('https://api.example', { https_proxy: 'https://p' }), 'https://p/');
    assert.equal(through('http://api.example', { HTTP_PROXY: 'http://p' }), 'http://p/');
  });

  test('that is named in the kubeconfig is always used, and must be reachable by HTTP or SOCKS5', () => {
    const named = new URL('http://named:1');
    assert.equal(proxyFor(new URL('https://localhost'), named, { NO_PROXY: '*' }), named);
    assert.throws(
      () => proxyFor(new URL('https://a'), new URL('socks4://p'), {}),
      (error) => hasCode(error, 'Usage') && /by http:, https: or socks5:, not socks4:/.test(error.message),
    );
    assert.throws(
      () => through('https://a', { HTTPS_PROXY: 'http://' }),
      (error) => hasCode(error, 'Usage'),
    );
  });

  test('carries TLS to the API server unopened', async (context) => {
    const authority = makeCertificate({ commonName: 'authority' }, { kind: 'authority' });
    const { pem: cert, keyPem: key } = makeCertificate(
      { commonName: 'server' },
      { kind: 'server', dnsNames: ['api.internal'], addresses: [] },
      authority,
    );
    const ok = answer(200, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } });
    const server = await startScriptedServer([ok], { key, cert });
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
      const upstream = connectSocket(Number(server.url.port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    context.after(async () => {
      proxy.closeAllConnections();
      proxy.close();
      await server.close();
    });
    // A server that listens on a port has an address with one.
    const { port } = proxy.address() as AddressInfo;
    const cluster = connect(context, {
      name: 'proxied',
      server: new URL('https://api.internal:6443'),
      authority: { kind: 'text', text: authority.pem },
      proxy: new URL(`http://ann:pw@127.0.0.1:${port}`),
      user: {},
    });
    const at = { type: resourceTypes.service, namespace: 'shop', name: 'web' };
    await cluster.get(at, call);
    await cluster.get(at, call);
    assert.deepEqual(asked, [`api.internal:6443 Basic ${base64('ann:pw')}`]);
    assert.equal(server.requests.length, 2);
  });
});
