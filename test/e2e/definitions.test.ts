import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { customResourceDefinitions } from '../../src/api/crd.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { hasCode } from '../../src/base/error.ts';
import { applyManifests } from '../control-plane/apply-manifests.ts';
import { call, Pods } from './pods.ts';
import { ownControlPlaneSuite } from './suite.ts';

interface Definition extends KubeObject {
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

ownControlPlaneSuite('the generated definitions on a real API server', {}, (plane) => {
  test('are accepted as structural and served', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'definitions-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const files = customResourceDefinitions.map((definition, index) => {
      const file = join(directory, `${index}.json`);
      writeFileSync(file, JSON.stringify(definition));
      return file;
    });
    const cluster = plane().cluster();
    await applyManifests(cluster, files, AbortSignal.timeout(60_000));
    for (const definition of customResourceDefinitions) {
      const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`;
      const { status } = (await cluster.send({ method: 'GET', path }, call())) as Definition;
      const conditions = Object.fromEntries(status.conditions.map((condition) => [condition.type, condition.status]));
      assert.deepEqual(conditions, { NamesAccepted: 'True', Established: 'True' }, definition.metadata.name);
    }
  });

  test('keep a rollout as it was written, status included, and refuse wrong types', async () => {
    const { cluster, namespace } = await Pods.inNewNamespace(plane().cluster());
    const spec = {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
      },
      strategy: { canary: { steps: [{ setWeight: 20 }, { pause: { duration: '1m' } }, { pause: {} }] } },
    };
    const rollout = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'web', namespace },
      spec,
    };
    const created = await cluster.create(resourceTypes.rollout, rollout, {}, call());
    assert.deepEqual(created['spec'], spec);
    const status = { currentStepIndex: 1, phase: 'Paused', stableRS: 'abc' };
    const at = { type: resourceTypes.rollout, namespace, name: 'web' };
    const patched = await cluster.patch(at, { kind: 'merge', body: { status } }, { subresource: 'status' }, call());
    assert.deepEqual(patched['status'], status);
    assert.equal(patched.metadata.generation, 1);
    const wrong = { ...rollout, metadata: { name: 'wrong', namespace }, spec: { ...spec, replicas: 'three' } };
    await assert.rejects(cluster.create(resourceTypes.rollout, wrong, {}, call()), (error) =>
      hasCode(error, 'Invalid'),
    );
  });
});
