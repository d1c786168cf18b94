import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { customResourceDefinitions } from '../../src/api/crd.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { applyObject } from '../control-plane/apply-manifests.ts';
import { ControllerProcess } from './controller-process.ts';
import { installKinds, Shop, template } from './shop.ts';
import { ownControlPlaneSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

// Each call has its own deadline.
const { signal } = new AbortController();

/** Objects that no schema would let in, by name. */
const malformed: Readonly<Record<string, object>> = {
  'no-spec': {},
  'text-spec': { spec: 'nothing' },
  'text-replicas': { spec: { replicas: 'many', selector: { matchLabels: { app: 'x' } }, strategy: { canary: {} } } },
  'list-strategy': { spec: { replicas: 1, strategy: ['canary'], template: 'none' } },
  'odd-steps': {
    spec: { strategy: { canary: { steps: [{ setWeight: 'half' }, 7, null, { pause: { duration: {} } }] } } },
  },
  'odd-status': { spec: { strategy: { canary: {} } }, status: { conditions: 'good', canary: 5, pauseConditions: [3] } },
  'odd-template': { spec: { strategy: { canary: {} }, selector: 5, template: { spec: { containers: { a: 1 } } } } },
};

ownControlPlaneSuite('a cluster that is not ready for Rollouts', { kubelet: { startLatency: '50ms' } }, (plane) => {
  let controller: ControllerProcess | undefined;

  after(() => controller?.end());

  test('definitions that are missing are named, and waited for', async () => {
    controller = new ControllerProcess(plane().kubeconfig(), ['--leader-elect', 'false']);
    const started = controller;
    await waitUntil(
      'the controller says what is missing',
      () => Promise.resolve(started.lines.map((line) => JSON.stringify(line))),
      (lines) => lines.some((line) => /rollouts\.argoproj\.io/.test(line) && /install its definition/.test(line)),
    );
    assert.equal(await started.read('health', '/healthz'), 'ok\n');
    await installKinds(plane());
    await started.leads();
    await started.end();
  });

  test('objects from before there was a schema stop nobody else', async () => {
    // Definitions that let everything in, as those of an old installation did.
    for (const definition of customResourceDefinitions) {
      await applyObject(plane().cluster(), withoutSchema(definition), signal);
    }
    const shop = await Shop.open(plane());
    const probe = { spec: { replicas: 'many' } };
    await waitUntil(
      'the schema is gone',
      () =>
        shop.create(resourceTypes.rollout, 'probe', probe).then(
          () => '',
          (error: unknown) => String(error),
        ),
      (error) => error === '',
    );
    for (const [name, content] of Object.entries(malformed)) {
      await shop.create(resourceTypes.rollout, name, content);
      const { status } = content as { readonly status?: object };
      if (status !== undefined) await shop.patch(name, { status }, 'status');
    }
    await installKinds(plane());
    controller = new ControllerProcess(plane().kubeconfig(), ['--leader-elect', 'false']);
    await controller.leads();
    await shop.rollout('good', { canary: { steps: [{ setWeight: 50 }, { pause: { duration: 1 } }] } });
    const first = await shop.untilHealthy('good');
    await shop.setImage('good', 'v2');
    const isDone = ({ phase = '', stableRS = '' }): boolean => phase === 'Healthy' && stableRS !== first.stableRS;
    await shop.until('is updated', 'good', isDone);
    assert.deepEqual(
      controller.lines.filter(({ msg }) => msg === 'a bug was met').map((line) => JSON.stringify(line)),
      [],
    );
    // Whoever looks at one is told what is wrong: on the object, or in the log when the object takes no status.
    for (const name of Object.keys(malformed)) {
      await waitUntil(
        `${name} is said to be wrong`,
        async () => {
          const { status = {} } = await shop.get(resourceTypes.rollout, name);
          const lines = controller?.lines.filter((line) => JSON.stringify(line).includes(`/${name}"`)) ?? [];
          return JSON.stringify([status, lines.slice(-3)]);
        },
        (text) => /InvalidSpec|Invalid|invalid|cannot be read/.test(text),
      );
    }
    // And mended, it works like any other.
    const spec = { replicas: 1, selector: { matchLabels: { app: 'x' } }, template: template('x', 'v1') };
    const body = { spec: { ...spec, strategy: { canary: { steps: [{ setWeight: 50 }] } } } };
    await shop.patch('text-replicas', body);
    await shop.untilHealthy('text-replicas');
    shop.close();
  });
});

function withoutSchema(definition: (typeof customResourceDefinitions)[number]): KubeObject {
  const { spec } = definition;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  // Whoever can be scaled must have a number of replicas.
  const subresources = { status: {} };
  const versions = spec.versions.map((version) => ({ ...version, schema, subresources }));
  return { ...definition, spec: { ...spec, versions } };
}
