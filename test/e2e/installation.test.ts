import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import { installFiles } from '../../src/cli/install/install-objects.ts';
import { accessRules } from '../../src/controller/access-rules.ts';
import { applyObject } from '../control-plane/apply-manifests.ts';
import { ControllerProcess } from './controller-process.ts';
import { forUser } from './for-user.ts';
import { Shop } from './shop.ts';
import { ownControlPlaneSuite } from './suite.ts';
import { waitUntil } from './wait.ts';

const user = 'sluice-test-controller';
const namespace = 'sluice-system';
// Each call has its own deadline.
const { signal } = new AbortController();

/** Granted, and not used by the lives below: each with the feature that needs it. */
const usedElsewhere: Readonly<Record<string, string>> = {
  'rollouts/finalizers': 'where owners that block deletion need it',
  analysisruns: 'Rollouts with analyses',
  'analysisruns/finalizers': 'where owners that block deletion need it',
  jobs: 'analyses by Jobs',
  secrets: 'arguments of analyses',
  'pods/eviction': 'restarts',
  pods: 'restarts',
  experiments: 'Experiments and experiment steps',
  'experiments/finalizers': 'where owners that block deletion need it',
  services: 'Experiments, which have Services of their own',
  deployments: 'workloadRef',
  podtemplates: 'workloadRef',
};

ownControlPlaneSuite(
  'the installation on a real API server',
  { users: [{ name: user }], kubelet: { startLatency: '50ms' } },
  (plane) => {
    let shop: Shop;
    let controller: ControllerProcess;

    before(async () => {
      const files = installFiles({ scope: 'cluster', namespace, image: 'sluice:test' });
      for (const object of files.flatMap(({ objects }) => objects)) {
        await applyObject(plane().cluster(), forUser(object, user), signal);
      }
      shop = await Shop.open(plane());
      controller = new ControllerProcess(plane().kubeconfig(user), ['--lease-namespace', namespace]);
      await controller.leads();
    });

    after(async () => {
      shop.close();
      await controller.end();
    });

    test('is accepted as a whole, its pods too where only restricted ones are', async () => {
      const deployment = await plane()
        .cluster()
        .get({ type: resourceTypes.deployment, namespace, name: 'sluice' }, { signal });
      const { template } = deployment['spec'] as {
        readonly template: { readonly spec: object; readonly metadata: object };
      };
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe', namespace }, spec: template.spec };
      await plane().cluster().create(resourceTypes.pod, pod, { dryRun: true }, { signal });
      const open = { ...pod, spec: { containers: [{ name: 'a', image: 'b' }] } };
      await assert.rejects(
        plane().cluster().create(resourceTypes.pod, open, { dryRun: true }, { signal }),
        /restricted/,
      );
    });

    test('grants what whole lives need, and what they do not need is known by name', async () => {
      await shop.create(resourceTypes.service, 'active', { spec: { selector: { app: 'bg' }, ports: [{ port: 80 }] } });
      const strategies = {
        web: { canary: { steps: [{ setWeight: 50 }, { pause: { duration: 1 } }] } },
        bg: { blueGreen: { activeService: 'active', scaleDownDelaySeconds: 1 } },
      };
      for (const [name, strategy] of Object.entries(strategies)) {
        await shop.rollout(name, strategy);
        const first = await shop.untilHealthy(name);
        await shop.setImage(name, 'v2');
        await shop.until(
          'is updated',
          name,
          ({ phase, stableRS }) => phase === 'Healthy' && stableRS !== first.stableRS,
        );
        // Only as many old ReplicaSets are kept, so that some are deleted.
        await shop.patch(name, { spec: { revisionHistoryLimit: 0 } });
      }
      await waitUntil(
        'old ReplicaSets are deleted',
        () => shop.cluster.list(resourceTypes.replicaSet, { namespace: shop.namespace }, { signal }),
        ({ items }) => items.length === Object.keys(strategies).length,
      );
      const page = await controller.read('metrics', '/metrics');
      const pattern =
        /^sluice_api_requests_total\{resource="(?<kind>[^"]+)",verb="(?<verb>\w+)",outcome="(?<outcome>\w+)"\}/gm;
      const used = [...page.matchAll(pattern)].map(({ groups = {} }) => groups);
      assert.deepEqual(
        used.filter(({ outcome }) => outcome === 'Forbidden'),
        [],
      );
      const usedVerbs = new Set(used.map(({ kind, verb }) => `${verb} ${kind}`));
      const unused = accessRules([]).flatMap(({ group, resource, verbs }) =>
        verbs
          // A single object is only read after an answer was lost.
          .filter((verb) => verb !== 'get' && !usedVerbs.has(`${verb} ${resource}${group === '' ? '' : `.${group}`}`))
          .map((verb) => `${verb} ${resource}`),
      );
      const surprising = unused.filter((entry) => usedElsewhere[entry.split(' ')[1] ?? ''] === undefined);
      assert.deepEqual(
        surprising.filter((entry) => entry !== 'patch events'),
        [],
      );
    });
  },
);
