import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import type { KubeObject } from '../../src/api/object.ts';
import { installFiles } from '../../src/cli/install/install-objects.ts';
import { applyObject } from '../control-plane/apply-manifests.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { ControllerProcess } from './controller-process.ts';
import { Shop } from './shop.ts';
import { ownControlPlaneSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

const namespace = 'sluice-system';
const strategy = { canary: { steps: [{ setWeight: 50 }, { pause: { duration: 1 } }] } };
/** An API server believes a token that it has just seen for ten seconds more. */
const believedMs = 30_000;

ownControlPlaneSuite('the rights and the token of a controller', { kubelet: { startLatency: '50ms' } }, (plane) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-token-'));
  const tokenFile = join(folder, 'token');
  let shop: Shop;
  let controller: ControllerProcess;

  before(async () => {
    await install(plane(), () => true);
    shop = await Shop.open(plane());
    await writeToken(plane(), tokenFile);
    controller = new ControllerProcess(writeKubeconfig(plane(), folder, tokenFile), ['--leader-elect', 'false']);
    await controller.leads();
  });

  after(async () => {
    shop.close();
    await controller.end();
    rmSync(folder, { recursive: true, force: true });
  });

  async function untilUpdated(name: string, before: string | undefined): Promise<void> {
    const isDone = ({ phase = '', stableRS = '' }): boolean => phase === 'Healthy' && stableRS !== before;
    await shop.until('is updated', name, isDone);
  }

  test('a token that is revoked is said so, and its successor in the same file is taken up', async () => {
    await shop.rollout('token', strategy);
    const first = await shop.untilHealthy('token');
    // With the account goes every token of it.
    await plane().kubectl(['delete', 'serviceaccount', 'sluice', '-n', namespace]);
    // Watches that were opened before go on, and the token is believed for a while: only writing on finds out.
    let replicas = 2;
    await waitUntil(
      'the controller says that it is not let in',
      async () => {
        replicas = replicas === 2 ? 3 : 2;
        await shop.patch('token', { spec: { replicas } });
        return controller.lines.map((line) => JSON.stringify(line));
      },
      (lines) => lines.some((line) => /Unauthorized/.test(line)),
      believedMs,
    );
    await shop.setImage('token', 'v2');
    await install(plane(), ({ kind }) => kind === 'ServiceAccount');
    await writeToken(plane(), tokenFile);
    await untilUpdated('token', first.stableRS);
    assert.ok(!controller.hasEnded);
  });

  test('a verb that is taken away is named in the log and on the Rollout, the others go on, and it recovers', async () => {
    await shop.rollout('forbidden', strategy);
    const first = await shop.untilHealthy('forbidden');
    await plane().kubectl(['patch', 'clusterrole', 'sluice', '--type', 'json', '-p', await withoutCreate(plane())]);
    await shop.setImage('forbidden', 'v2');
    const line = await waitUntil(
      'the controller says what it may not do',
      () => Promise.resolve(controller.lines.find(({ code }) => code === 'Forbidden')),
      (found) => found !== undefined,
    );
    assert.match(String(line?.['error']), /replicasets.* is forbidden|cannot create resource "replicasets"/);
    await waitUntil(
      'the Rollout says so',
      () =>
        shop.get(
          { group: 'argoproj.io', version: 'v1alpha1', kind: 'Rollout', plural: 'rollouts', namespaced: true },
          'forbidden',
        ),
      ({ status }) => /forbidden/.test(JSON.stringify(status)),
    );
    // What needs no new ReplicaSet goes on.
    await shop.patch('token', { spec: { replicas: 3 } });
    await shop.until('is scaled', 'token', ({ availableReplicas = 0 }) => availableReplicas === 3);
    await install(plane(), ({ kind }) => kind === 'ClusterRole');
    await untilUpdated('forbidden', first.stableRS);
    assert.ok(!controller.lines.some(({ msg }) => msg === 'a bug was met'));
  });
});

async function install(plane: ControlPlane, wants: (object: KubeObject) => boolean): Promise<void> {
  const files = installFiles({ scope: 'cluster', namespace, image: 'sluice:test' });
  const left: readonly string[] = ['Deployment', 'PodDisruptionBudget', 'NetworkPolicy'];
  for (const object of files.flatMap(({ objects }) => objects)) {
    if (wants(object) && !left.includes(object.kind)) {
      await applyObject(plane.cluster(), object, AbortSignal.timeout(60_000));
    }
  }
}

/** Tokens are replaced as kubelets do it: a new file takes the old one's place. */
async function writeToken(plane: ControlPlane, file: string): Promise<void> {
  const token = await plane.kubectl(['create', 'token', 'sluice', '-n', namespace]);
  writeFileSync(`${file}.new`, token.trim(), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function writeKubeconfig(plane: ControlPlane, folder: string, tokenFile: string): string {
  const { server, authority } = plane.connection();
  assert.ok(authority?.kind === 'text');
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: {
          server: server.href,
          'certificate-authority-data': Buffer.from(authority.text).toString('base64'),
        },
      },
    ],
    users: [{ name: 'sluice', user: { tokenFile } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'sluice' } }],
    'current-context': 'test',
  };
  const file = join(folder, 'kubeconfig');
  writeFileSync(file, JSON.stringify(document), { mode: 0o600 });
  return file;
}

/** A patch of the role that takes the right away to create ReplicaSets. */
async function withoutCreate(plane: ControlPlane): Promise<string> {
  const role = JSON.parse(await plane.kubectl(['get', 'clusterrole', 'sluice', '-o', 'json'])) as {
    readonly rules: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
  };
  return JSON.stringify(
    role.rules.flatMap(({ resources, verbs }, index) =>
      resources.includes('replicasets')
        ? [{ op: 'replace', path: `/rules/${index}/verbs`, value: verbs.filter((verb) => verb !== 'create') }]
        : [],
    ),
  );
}
