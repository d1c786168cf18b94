import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { resourceTypes } from '../../../src/api/resource-types.ts';
import { hasCode } from '../../../src/base/error.ts';
import type { ClusterUser, PluginSettings } from '../../../src/cluster/kubernetes/connection.ts';
import { makeCertificate } from '../../control-plane/certificate.ts';
import { adapterFor, call, connect, shiftedClock } from './adapter.ts';
import { answer, startScriptedServer, status, type Act, type SeenRequest } from './scripted-server.ts';

const at = { type: resourceTypes.service, namespace: 'shop', name: 'web' };
const ok = answer(200, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } });
const refuse = status(401, 'Unauthorized', 'Unauthorized');

/** Lets in who brings the token. */
function only(token: string): Act {
  return (request, response) => {
    const act = request.headers.authorization === `Bearer ${token}` ? ok : refuse;
    act(request, response);
  };
}

function shown(requests: readonly SeenRequest[]): readonly (string | undefined)[] {
  return requests.map(({ headers }) => headers.authorization);
}

async function folderOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-credentials-'));
  context.after(() => rm(folder, { recursive: true }));
  return folder;
}

describe('a token file', () => {
  test('is trimmed, read again when it is old, and at once when the token is refused', async (context) => {
    const file = path.join(await folderOf(context), 'token');
    await writeFile(file, 'one\n');
    const clock = shiftedClock();
    const user: ClusterUser = { token: { kind: 'file', path: file } };
    const { cluster, server } = await adapterFor(context, [ok, ok, ok, only('three')], { user, clock });
    await cluster.get(at, call);
    await writeFile(file, '  two \n');
    await cluster.get(at, call);
    clock.shiftMs += 60_000;
    await cluster.get(at, call);
    await writeFile(file, 'three');
    await cluster.get(at, call);
    assert.deepEqual(
      shown(server.requests),
      ['one', 'one', 'two', 'two', 'three'].map((token) => `Bearer ${token}`),
    );
  });

  test('that is gone for a while leaves the token in use; one that never was is an error', async (context) => {
    const file = path.join(await folderOf(context), 'token');
    const clock = shiftedClock();
    const user: ClusterUser = { token: { kind: 'file', path: file } };
    const { cluster, server } = await adapterFor(context, [ok], { user, clock });
    await assert.rejects(cluster.get(at, call), (error) => {
      assert.ok(hasCode(error, 'Unauthorized'));
      assert.match(error.message, /cannot read the token .*token: ENOENT/);
      return true;
    });
    await writeFile(file, 'one');
    await cluster.get(at, call);
    await rm(file);
    clock.shiftMs += 60_000;
    await cluster.get(at, call);
    assert.deepEqual(shown(server.requests), ['Bearer one', 'Bearer one']);
  });

  test('whose token is refused again is refused, without asking for ever', async (context) => {
    const file = path.join(await folderOf(context), 'token');
    await writeFile(file, 'revoked');
    const { cluster, server } = await adapterFor(context, [refuse], { user: { token: { kind: 'file', path: file } } });
    await assert.rejects(cluster.get(at, call), (error) => hasCode(error, 'Unauthorized'));
    assert.equal(server.requests.length, 1);
  });

  test('never shows a broken token in a message', async (context) => {
    const user: ClusterUser = { token: { kind: 'text', text: 'se\ncret' } };
    const { cluster } = await adapterFor(context, [ok], { user });
    await assert.rejects(
      cluster.get(at, call),
      (error) => hasCode(error, 'Unauthorized') && !/cret/.test(error.message),
    );
  });
});

describe('a credential plug-in', () => {
  /** A program that counts its runs in a file and hands out `token-<count>`. */
  async function plugin(
    context: TestContext,
    statusText = '{"token":"token-\'$n\'"}',
  ): Promise<{ readonly settings: PluginSettings; readonly runs: () => Promise<number> }> {
    const folder = await folderOf(context);
    const count = path.join(folder, 'count');
    const script = `echo x >> ${count}; n=$(wc -l < ${count}); sleep 0.05; echo "$KUBERNETES_EXEC_INFO" > ${folder}/info;
      echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":${statusText}}'`;
    return {
      settings: {
        command: '/bin/sh',
        words: ['-c', script],
        environment: { PATH: process.env['PATH'] ?? '' },
        apiVersion: 'client.authentication.k8s.io/v1',
        wantsCluster: true,
      },
      runs: async () => (await readFile(count, 'utf8')).length / 2,
    };
  }

  test('runs once for all that wait, and is not asked again while its token is good', async (context) => {
    const { settings, runs } = await plugin(context);
    const { cluster, server } = await adapterFor(context, [ok], { user: { plugin: settings } });
    await Promise.all(Array.from({ length: 20 }, () => cluster.get(at, call)));
    await cluster.get(at, call);
    assert.equal(await runs(), 1);
    assert.deepEqual([...new Set(shown(server.requests))], ['Bearer token-1']);
  });

  test('runs again when its token has expired', async (context) => {
    const clock = shiftedClock();
    const expiry = new Date(clock.now() + 60_000).toISOString();
    const { settings, runs } = await plugin(context, `{"token":"token-'$n'","expirationTimestamp":"${expiry}"}`);
    const { cluster } = await adapterFor(context, [ok], { user: { plugin: settings }, clock });
    await cluster.get(at, call);
    clock.shiftMs += 59_000;
    await cluster.get(at, call);
    assert.equal(await runs(), 1);
    clock.shiftMs += 2000;
    await cluster.get(at, call);
    assert.equal(await runs(), 2);
  });

  test('runs again when its token is refused, but not more often than every ten seconds', async (context) => {
    const clock = shiftedClock();
    const { settings, runs } = await plugin(context);
    const { cluster } = await adapterFor(context, [ok, only('token-2'), only('token-2'), only('token-3')], {
      user: { plugin: settings },
      clock,
    });
    await cluster.get(at, call);
    clock.shiftMs += 11_000;
    await cluster.get(at, call);
    assert.equal(await runs(), 2);
    await assert.rejects(cluster.get(at, call), (error) => hasCode(error, 'Unauthorized'));
    assert.equal(await runs(), 2);
    clock.shiftMs += 11_000;
    await cluster.get(at, call);
    assert.equal(await runs(), 3);
  });

  test('that fails says so without showing its output, and is tried again', async (context) => {
    const clock = shiftedClock();
    const cases: readonly [Partial<PluginSettings>, RegExp][] = [
      [{ words: ['-c', 'echo "log in first" >&2; exit 3'] }, /\/bin\/sh failed: it ended with status 3: log in first/],
      [{ words: ['-c', 'echo secret'] }, /its output is no JSON object$/],
      [
        {
          words: ['-c', `echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{}}'`],
        },
        /neither a token nor a certificate/,
      ],
      [{ command: 'sluice-no-such-plugin', installHint: 'Install it.' }, /there is no such program\. Install it\./],
      [{ apiVersion: 'client.authentication.k8s.io/v1alpha1' }, /the kubeconfig asks for .*v1alpha1/],
    ];
    for (const [change, message] of cases) {
      const { settings } = await plugin(context);
      const { cluster, server } = await adapterFor(context, [ok], {
        user: { plugin: { ...settings, ...change } },
        clock,
      });
      await assert.rejects(
        cluster.get(at, call),
        (error) => hasCode(error, 'Unauthorized') && message.test(error.message),
      );
      assert.equal(server.requests.length, 0);
    }
  });
});

describe('certificates', () => {
  const authority = makeCertificate({ commonName: 'authority' }, { kind: 'authority' });
  const serverCertificate = makeCertificate(
    { commonName: 'server' },
    { kind: 'server', dnsNames: ['api.internal'], addresses: [] },
    authority,
  );
  const secure = {
    key: serverCertificate.keyPem,
    cert: serverCertificate.pem,
    ca: authority.pem,
    requestCert: true,
    rejectUnauthorized: false,
  };
  const peers: string[] = [];
  const note: Act = (request, response) => {
    // A TLS socket knows who is on the other side.
    const { subject } = (
      request.socket as unknown as { getPeerCertificate(): { subject?: { CN?: string } } }
    ).getPeerCertificate();
    peers.push(subject?.CN ?? '');
    ok(request, response);
  };

  test('of the client are read from files and renewed with them, over new connections', async (context) => {
    const folder = await folderOf(context);
    const [certFile, keyFile] = [path.join(folder, 'cert'), path.join(folder, 'key')];
    const write = async (name: string): Promise<void> => {
      const { pem, keyPem } = makeCertificate({ commonName: name }, { kind: 'client' }, authority);
      await writeFile(certFile, pem);
      await writeFile(keyFile, keyPem);
    };
    await write('alice');
    const server = await startScriptedServer([note], secure);
    context.after(() => server.close());
    const clock = shiftedClock();
    const cluster = connect(
      context,
      {
        name: 'tls',
        server: server.url,
        serverName: 'api.internal',
        authority: { kind: 'text', text: authority.pem },
        user: { certificate: { kind: 'file', path: certFile }, key: { kind: 'file', path: keyFile } },
      },
      { clock },
    );
    peers.length = 0;
    await cluster.get(at, call);
    await write('bob');
    await cluster.get(at, call);
    clock.shiftMs += 60_000;
    await cluster.get(at, call);
    assert.deepEqual(peers, ['alice', 'alice', 'bob']);
    assert.equal(server.connections, 2);
  });

  test('of the authority are read again when the server has others than it vouches for', async (context) => {
    const file = path.join(await folderOf(context), 'authority');
    await writeFile(file, makeCertificate({ commonName: 'former' }, { kind: 'authority' }).pem);
    const server = await startScriptedServer([ok], secure);
    context.after(() => server.close());
    const cluster = connect(context, {
      name: 'tls',
      server: server.url,
      serverName: 'api.internal',
      authority: { kind: 'file', path: file },
      user: {},
    });
    await assert.rejects(
      cluster.get(at, call),
      (error) => hasCode(error, 'Unavailable') && /not signed by the given authority/.test(error.message),
    );
    await writeFile(file, authority.pem);
    assert.equal((await cluster.get(at, call)).kind, 'Service');
  });

  test('that have expired are named when the server refuses us', async (context) => {
    const { pem, keyPem } = makeCertificate({ commonName: 'old' }, { kind: 'client' }, authority);
    const server = await startScriptedServer([refuse], secure);
    context.after(() => server.close());
    const clock = shiftedClock();
    clock.shiftMs = 40 * 24 * 3_600_000;
    const user: ClusterUser = { certificate: { kind: 'text', text: pem }, key: { kind: 'text', text: keyPem } };
    const cluster = connect(context, { name: 'tls', server: server.url, insecure: true, user }, { clock });
    await assert.rejects(cluster.get(at, call), (error) => {
      assert.ok(hasCode(error, 'Unauthorized'));
      assert.match(error.message, /the client certificate expired at \d{4}-/);
      return true;
    });
  });

  test('of the server are checked: who signed them and for which name', async (context) => {
    const server = await startScriptedServer([ok], secure);
    context.after(() => server.close());
    const connection = { name: 'tls', server: server.url, user: {} };
    const trusted = { authority: { kind: 'text', text: authority.pem } } as const;
    const cases: readonly [object, RegExp][] = [
      [{}, /not signed by the given authority/],
      [trusted, /for another name/],
    ];
    for (const [change, message] of cases) {
      const cluster = connect(context, { ...connection, ...change });
      await assert.rejects(
        cluster.get(at, call),
        (error) => hasCode(error, 'Unavailable') && message.test(error.message),
      );
    }
    assert.equal(
      (await connect(context, { ...connection, ...trusted, serverName: 'api.internal' }).get(at, call)).kind,
      'Service',
    );
  });
});

describe('other ways to say who one is', () => {
  test('a name with a password, and acting as somebody else', async (context) => {
    const user: ClusterUser = {
      password: { user: 'ann', password: 'p:w' },
      impersonate: { user: 'bob', uid: '7', groups: ['dev', 'ops'], extra: { 'a/b': ['x', 'y'] } },
    };
    const { cluster, server } = await adapterFor(context, [ok], { user });
    await cluster.get(at, call);
    const [request] = server.requests;
    assert.equal(request?.headers.authorization, `Basic ${Buffer.from('ann:p:w').toString('base64')}`);
    const pairs = (request?.rawHeaders ?? []).flatMap((name, index, all) =>
      index % 2 === 0 && name.startsWith('impersonate') ? [`${name}=${all[index + 1]}`] : [],
    );
    assert.deepEqual(pairs, [
      'impersonate-user=bob',
      'impersonate-uid=7',
      'impersonate-group=dev',
      'impersonate-group=ops',
      'impersonate-extra-a%2Fb=x',
      'impersonate-extra-a%2Fb=y',
    ]);
  });

  test('a login that the client library knows', async (context) => {
    const expiry = Math.floor(Date.now() / 1000) + 3600;
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'none' })}.${part({ exp: expiry })}.x`;
    const user: ClusterUser = { provider: { name: 'oidc', config: { 'id-token': token, 'client-id': 'sluice' } } };
    const { cluster, server } = await adapterFor(context, [ok], { user });
    await cluster.get(at, call);
    await cluster.get(at, call);
    assert.deepEqual(shown(server.requests), [`Bearer ${token}`, `Bearer ${token}`]);
  });

  test('a login that nobody knows is an error', async (context) => {
    const { cluster } = await adapterFor(context, [ok], { user: { provider: { name: 'magic', config: {} } } });
    await assert.rejects(
      cluster.get(at, call),
      (error) => hasCode(error, 'Unauthorized') && /magic/.test(error.message),
    );
  });
});
