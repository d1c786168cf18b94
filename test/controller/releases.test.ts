import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';

import type { KubeObject, ResourceType } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { systemClock } from '../../src/base/clock.ts';
import { seededRandom } from '../../src/base/random.ts';
import { createEmbeddedCluster } from '../../src/cluster/embedded/embedded-cluster.ts';
import type { Caches } from '../../src/controller/caches.ts';
import { createMemoryJournal } from '../../src/controller/journal.ts';
import { projectRollout, projectService } from '../../src/controller/project.ts';
import { Releases } from '../../src/controller/releases.ts';
import { trafficRouters } from '../../src/providers/traffic/registry.ts';
import { routerTypes } from '../../src/providers/traffic/router-types.ts';

const { destinationRule } = routerTypes;
const call = { signal: new AbortController().signal };
const hashLabel = 'rollouts-pod-template-hash';
const managedBy = 'argo-rollouts.argoproj.io/managed-by-rollouts';
const rule = { namespace: 'shop', name: 'rule' };

const istio = {
  virtualService: { name: 'web' },
  destinationRule: { name: 'rule', canarySubsetName: 'canary', stableSubsetName: 'stable' },
};

function rollout(trafficRouting?: object, stableService = 'web-stable'): KubeObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { strategy: { canary: { stableService, ...(trafficRouting === undefined ? {} : { trafficRouting }) } } },
  };
}

/** A cluster with these objects, and caches that hold what is in it but no Rollouts. */
async function stage(t: TestContext, ...objects: readonly (readonly [ResourceType, KubeObject])[]) {
  const cluster = createEmbeddedCluster({
    clock: systemClock,
    random: seededRandom(1),
    resources: [resourceTypes.rollout, destinationRule].map((type) => ({ type, subresources: {} })),
    freeze: true,
  });
  t.after(() => cluster.close());
  for (const [type, object] of objects) await cluster.create(type, object, {}, call);
  const stored = new Map<string, KubeObject>();
  const read = async (type: ResourceType, name: string): Promise<KubeObject> => {
    const object = await cluster.get({ type, namespace: 'shop', name }, call);
    stored.set(`${type.kind}/${name}`, object);
    return object;
  };
  for (const [type, { metadata }] of objects) await read(type, metadata.name);
  const cacheOf = <View>({ kind }: ResourceType, project: (object: KubeObject) => View) => ({
    get: (_namespace: string, name: string): View | undefined => {
      const object = stored.get(`${kind}/${name}`);
      return object === undefined ? undefined : project(object);
    },
    remember: (object: KubeObject) => void stored.set(`${kind}/${object.metadata.name}`, object),
  });
  const caches = {
    rollouts: { get: () => undefined },
    services: { ...cacheOf(resourceTypes.service, projectService), type: resourceTypes.service },
    routerObjects: (type: ResourceType) => cacheOf(type, (object) => object),
  } as unknown as Caches;
  const journal = createMemoryJournal();
  return { cluster, read, journal, tools: { cluster, caches, journal, clock: systemClock } };
}

const ruleObject: KubeObject = {
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'DestinationRule',
  metadata: { ...rule, annotations: { [managedBy]: 'web' } },
  spec: {
    host: 'web',
    subsets: [
      { name: 'stable', labels: { app: 'web', [hashLabel]: 'v1' } },
      { name: 'canary', labels: { [hashLabel]: 'v2' } },
    ],
  },
};

describe('what Rollouts leave behind', () => {
  const releases = new Releases(trafficRouters);
  const view = projectRollout(rollout({ istio }));

  it('is what they named before and do not name any more', () => {
    const left = (after: KubeObject | undefined): readonly string[] =>
      releases
        .left(view, after === undefined ? undefined : projectRollout(after))
        .map(({ type, namespace, name }) => `${type.kind}/${namespace}/${name}`);
    assert.deepEqual(left(rollout({ istio })), []);
    assert.deepEqual(left(rollout()), ['DestinationRule/shop/rule']);
    assert.deepEqual(left(rollout({ istio }, 'other')), ['Service/shop/web-stable']);
    assert.deepEqual(left(undefined), ['Service/shop/web-stable', 'DestinationRule/shop/rule']);
    assert.deepEqual(releases.left(undefined, view), []);
  });

  it('is a DestinationRule without hashes and notes when no Rollout names it', async (t) => {
    const { tools, read, journal } = await stage(t, [destinationRule, ruleObject], [resourceTypes.rollout, rollout()]);
    assert.equal(releases.isLeft(destinationRule, rule, tools), true);
    await releases.release('DestinationRule', rule, tools, call.signal);
    const { metadata, spec } = await read(destinationRule, 'rule');
    assert.deepEqual(metadata.annotations ?? {}, {});
    assert.deepEqual(spec, {
      host: 'web',
      subsets: [
        { name: 'stable', labels: { app: 'web' } },
        { name: 'canary', labels: {} },
      ],
    });
    assert.equal(releases.isLeft(destinationRule, rule, tools), false);
    assert.deepEqual(
      journal.entries().map(({ intent, result }) => [intent.text, result?.kind]),
      [['DestinationRule rule is given back', 'done']],
    );
  });

  it('is nothing while the Rollout in the cluster still names it', async (t) => {
    const objects = [[destinationRule, ruleObject] as const, [resourceTypes.rollout, rollout({ istio })] as const];
    const { tools, read } = await stage(t, ...objects);
    await releases.release('DestinationRule', rule, tools, call.signal);
    assert.deepEqual((await read(destinationRule, 'rule'))['spec'], ruleObject['spec']);
  });

  it('is a Service that selects every revision again', async (t) => {
    const service: KubeObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web-stable', namespace: 'shop', annotations: { [managedBy]: 'web' } },
      spec: { selector: { app: 'web', [hashLabel]: 'v1' }, ports: [{ port: 80 }] },
    };
    const { tools, read } = await stage(t, [resourceTypes.service, service]);
    const at = { namespace: 'shop', name: 'web-stable' };
    assert.equal(releases.isLeft(resourceTypes.service, at, tools), true);
    await releases.release('Service', at, tools, call.signal);
    const { metadata, spec } = await read(resourceTypes.service, 'web-stable');
    assert.equal(metadata.annotations?.[managedBy], undefined);
    assert.deepEqual((spec as { selector: object }).selector, { app: 'web' });
  });
});
