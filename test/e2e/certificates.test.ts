import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { makeCertificate, type Certificate } from '../control-plane/certificate.ts';
import type { OwnControlPlane } from '../control-plane/control-plane.ts';
import { ControllerProcess } from './controller-process.ts';
import { installKinds, Shop } from './shop.ts';
import { ownControlPlaneSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

const strategy = { canary: { steps: [{ setWeight: 50 }, { pause: { duration: 1 } }] } };
const administrator = { name: 'sluice', groups: ['system:masters'] };
/** Long enough for a controller to start, and for an update. */
const shortLifeMs = 12_000;
const longLifeMs = 3_600_000;
/** The API server shows a certificate of its own to who asks for this name. */
const serverName = 'rotated.test';
const folder = mkdtempSync(join(tmpdir(), 'sluice-certificates-'));
const file = (name: string): string => join(folder, name);

/** Files are replaced as kubelets and cert-manager do it: a new one takes the old one's place. */
function replace(name: string, text: string): void {
  writeFileSync(file(`${name}.new`), text, { mode: 0o600 });
  renameSync(file(`${name}.new`), file(name));
}

function replacePair(name: string, { pem, keyPem }: Certificate): void {
  replace(`${name}.key`, keyPem);
  replace(`${name}.crt`, pem);
}

function newAuthority(): Certificate {
  return makeCertificate({ commonName: 'rotated-authority' }, { kind: 'authority' });
}

function serving(authority: Certificate, lifetimeMs?: number): Certificate {
  const use = { kind: 'server', dnsNames: [serverName], addresses: [] } as const;
  return makeCertificate({ commonName: 'kube-apiserver' }, use, authority, lifetimeMs);
}

function writeKubeconfig(name: string, cluster: object, user: object): string {
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  writeFileSync(file(`${name}.kubeconfig`), JSON.stringify(document), { mode: 0o600 });
  return file(`${name}.kubeconfig`);
}

function clusterOf(plane: OwnControlPlane): object {
  const { server, authority } = plane.connection();
  assert.ok(authority?.kind === 'text');
  const data = Buffer.from(authority.text).toString('base64');
  return { server: server.href, 'certificate-authority-data': data };
}

const former = newAuthority();
replacePair('server', serving(former));
const apiServerFlags = [`--tls-sni-cert-key=${file('server.crt')},${file('server.key')}:${serverName}`];

ownControlPlaneSuite('certificates that expire', { kubelet: { startLatency: '50ms' }, apiServerFlags }, (plane) => {
  let shop: Shop;

  before(async () => {
    await installKinds(plane());
    shop = await Shop.open(plane());
  });

  after(() => {
    shop.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function untilTold(controller: ControllerProcess, message: RegExp): Promise<void> {
    await waitUntil(
      'the controller says what is wrong',
      () => Promise.resolve(controller.lines.map((line) => JSON.stringify(line))),
      (lines) => lines.some((line) => message.test(line)),
    );
    assert.ok(!controller.hasEnded);
    assert.equal(await controller.read('health', '/healthz'), 'ok\n');
  }

  /** Begins an update while the controller is shut out, and waits until it is done after that has ended. */
  async function expectRecovery(name: string, controller: ControllerProcess, end: () => unknown): Promise<void> {
    const { stableRS } = await shop.untilHealthy(name);
    await shop.setImage(name, 'v2');
    await end();
    await shop.until('is updated', name, (status) => status.phase === 'Healthy' && status.stableRS !== stableRS);
    assert.ok(!controller.lines.some(({ msg }) => msg === 'a bug was met'));
  }

  test('one of the client is named, and its successor in the same files is taken up, with a new lease', async () => {
    replacePair('client', plane().clientCertificate(administrator, shortLifeMs));
    const user = { 'client-certificate': file('client.crt'), 'client-key': file('client.key') };
    const controller = new ControllerProcess(writeKubeconfig('client', clusterOf(plane()), user));
    try {
      await controller.leads();
      await shop.rollout('client', strategy);
      await shop.untilHealthy('client');
      await untilTold(controller, /the client certificate expired at \d{4}-/);
      await expectRecovery('client', controller, () =>
        replacePair('client', plane().clientCertificate(administrator, longLifeMs)),
      );
      await controller.leads();
    } finally {
      await controller.end();
    }
  });

  test('one of a credential plug-in is named while the plug-in has no other, and replaced by its next', async () => {
    const give = (lifetimeMs: number): void => {
      const { pem, keyPem } = plane().clientCertificate(administrator, lifetimeMs);
      const expirationTimestamp = new Date(Date.now() + lifetimeMs).toISOString();
      const status = { clientCertificateData: pem, clientKeyData: keyPem, expirationTimestamp };
      const apiVersion = 'client.authentication.k8s.io/v1';
      replace('credential.json', JSON.stringify({ apiVersion, kind: 'ExecCredential', status }));
    };
    give(shortLifeMs);
    writeFileSync(file('plug-in'), `#!/bin/sh\nexec cat ${file('credential.json')}\n`);
    chmodSync(file('plug-in'), 0o700);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './plug-in', interactiveMode: 'Never' };
    const kubeconfig = writeKubeconfig('plug-in', clusterOf(plane()), { exec });
    const controller = new ControllerProcess(kubeconfig, ['--leader-elect', 'false']);
    try {
      await controller.leads();
      await shop.rollout('plug-in', strategy);
      await shop.untilHealthy('plug-in');
      // Nothing is sent while all is at rest: somebody has to want something.
      await waitUntil(
        'the controller is refused',
        async () => {
          await shop.patch('plug-in', { metadata: { annotations: { look: String(performance.now()) } } });
          return controller.lines.map((line) => JSON.stringify(line));
        },
        (lines) => lines.some((line) => /the client certificate expired at/.test(line)),
      );
      await untilTold(controller, /the client certificate expired at/);
      await expectRecovery('plug-in', controller, () => give(longLifeMs));
    } finally {
      await controller.end();
    }
  });

  test('one of the API server is named at the start, and waited for', async () => {
    replacePair('server', serving(former, -1000));
    replace('authority.crt', former.pem);
    const controller = new ControllerProcess(writeKubeconfig('server', rotatedCluster(plane()), userOf(plane())));
    try {
      await untilTold(controller, /the server's certificate has expired/);
      // The API server follows the files of its certificates.
      replacePair('server', serving(former));
      await controller.leads();
    } finally {
      await controller.end();
    }
  });

  test('one of the API server by another authority is named, and that authority taken up from its file', async () => {
    replacePair('server', serving(former));
    const controller = new ControllerProcess(writeKubeconfig('server', rotatedCluster(plane()), userOf(plane())));
    try {
      await controller.leads();
      await shop.rollout('server', strategy);
      await shop.untilHealthy('server');
      const next = newAuthority();
      replacePair('server', serving(next));
      shop.close();
      await plane().kill('kube-apiserver');
      await plane().start('kube-apiserver');
      await untilTold(controller, /the server's certificate is not signed by the given authority/);
      await expectRecovery('server', controller, () => replace('authority.crt', next.pem));
    } finally {
      await controller.end();
    }
  });
});

function rotatedCluster(plane: OwnControlPlane): object {
  return {
    server: plane.connection().server.href,
    'certificate-authority': file('authority.crt'),
    'tls-server-name': serverName,
  };
}

function userOf(plane: OwnControlPlane): object {
  const { pem, keyPem } = plane.clientCertificate(administrator, longLifeMs);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return { 'client-certificate-data': base64(pem), 'client-key-data': base64(keyPem) };
}
