import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { dump, loadAll } from 'js-yaml';

import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import type { RolloutStatus } from '../../src/api/rollout.ts';
import { installFiles } from '../../src/cli/install/install-objects.ts';
import { applyObject } from '../control-plane/apply-manifests.ts';
import { ControllerProcess } from './controller-process.ts';
import { forUser } from './for-user.ts';
import { installKinds, template } from './shop.ts';
import { ownControlPlaneSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

const user = 'sluice-test-controller';
const namespace = 'sluice-system';
const watched = ['bank', 'shop'];
const deploy = fileURLToPath(new URL('../../deploy', import.meta.url));
// Each call has its own deadline.
const { signal } = new AbortController();
const call = { signal };

function objectsFor(namespaces: readonly string[]): readonly KubeObject[] {
  const files = installFiles({ scope: 'namespace', namespace, namespaces, image: 'sluice:0.1.0' });
  return files.flatMap(({ objects }) => objects);
}

ownControlPlaneSuite(
  'a controller with rights in some namespaces only',
  { users: [{ name: user }], kubelet: { startLatency: '50ms' } },
  (plane) => {
    test('is put together by an overlay as by the installation', async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'sluice-overlay-'));
      t.after(() => rmSync(folder, { recursive: true, force: true }));
      const write = (path: string, content: object): void =>
        writeFileSync(join(folder, path, 'kustomization.yaml'), dump(content));
      for (const name of watched) {
        mkdirSync(join(folder, name));
        const base = relative(join(folder, name), join(deploy, 'watched-namespace'));
        write(name, { namespace: name, resources: [base] });
      }
      // The rights in the controller's own namespace are those of the base; here it looks after others only.
      const own = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'sluice', namespace } };
      const remove = (kind: string) => ({ patch: dump({ $patch: 'delete', kind, ...own }) });
      const flag = {
        target: { kind: 'Deployment' },
        patch: dump([
          { op: 'replace', path: '/spec/template/spec/containers/0/args/1', value: `--namespace=${watched.join(',')}` },
        ]),
      };
      write('.', {
        resources: [relative(folder, join(deploy, 'namespaced')), ...watched],
        patches: [remove('Role'), remove('RoleBinding'), flag],
      });
      const made = loadAll(await plane().kubectl(['kustomize', folder])) as unknown as readonly KubeObject[];
      const keyOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.namespace}/${metadata.name}`;
      const byKey = (objects: readonly KubeObject[]) => Object.fromEntries(objects.map((one) => [keyOf(one), one]));
      assert.deepEqual(byKey(made), JSON.parse(JSON.stringify(byKey(objectsFor(watched)))));
    });

    test('works in these, sees nothing of others, and is never refused', async () => {
      await installKinds(plane());
      const cluster = plane().cluster();
      for (const name of [namespace, ...watched, 'other']) {
        const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
        await cluster.create(resourceTypes.namespace, object, {}, call);
      }
      for (const object of objectsFor(watched).filter(({ kind }) => kind.startsWith('Role'))) {
        await applyObject(cluster, forUser(object, user), signal);
      }
      const flags = ['--namespace', watched.join(','), '--lease-namespace', namespace];
      const controller = new ControllerProcess(plane().kubeconfig(user), flags);
      try {
        await controller.leads();
        const strategy = { canary: { steps: [{ setWeight: 50 }, { pause: { duration: 1 } }] } };
        const at = (name: string) => ({ type: resourceTypes.rollout, namespace: name, name: 'web' });
        for (const name of [...watched, 'other']) {
          const spec = { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: template('web', 'v1') };
          const metadata = { name: 'web', namespace: name };
          const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata };
          await cluster.create(resourceTypes.rollout, { ...rollout, spec: { ...spec, strategy } }, {}, call);
        }
        const statusOf = async (name: string): Promise<RolloutStatus> =>
          (await cluster.get(at(name), call))['status'] ?? {};
        for (const name of watched) {
          await waitUntil(
            `the Rollout in ${name} is healthy`,
            () => statusOf(name),
            ({ phase }) => phase === 'Healthy',
          );
          const body = { spec: { template: template('web', 'v2') } };
          const { stableRS } = await statusOf(name);
          await cluster.patch(at(name), { kind: 'merge', body }, {}, call);
          await waitUntil(
            `the Rollout in ${name} is updated`,
            () => statusOf(name),
            (status) => status.phase === 'Healthy' && status.stableRS !== stableRS,
          );
        }
        assert.deepEqual(await statusOf('other'), {});
        const page = await controller.read('metrics', '/metrics');
        assert.deepEqual(page.match(/^sluice_api_requests_total\{.*outcome="Forbidden"\}.*$/gm), null);
      } finally {
        await controller.end();
      }
    });
  },
);
