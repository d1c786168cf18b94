import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { resourceSchemas } from '../../../src/api/crd.ts';
import type { KubeObject, ResourceType } from '../../../src/api/object.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { applyManifests, sourceAnnotation, sourceRevisionAnnotation } from '../../../src/cli/local/apply-manifests.ts';
import { followSource } from '../../../src/cli/local/follow-source.ts';
import { keepWeights } from '../../../src/cli/local/keep-weights.ts';
import { readManifestSet, type ManifestSet } from '../../../src/cli/local/manifest-set.ts';
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/cluster/embedded/embedded-cluster.ts';
import { projectRollout } from '../../../src/controller/project.ts';
import { trafficRouters } from '../../../src/providers/traffic/registry.ts';
import { VirtualClock } from '../../cluster/embedded/virtual-clock.ts';

const { signal } = new AbortController();
const namespace = 'shop';

interface Fixture {
  readonly clock: VirtualClock;
  readonly cluster: EmbeddedCluster;
  readonly get: (type: ResourceType, name: string) => Promise<KubeObject>;
  readonly run: <T>(work: Promise<T>) => Promise<T>;
}

function makeCluster(t: TestContext): Fixture {
  const clock = new VirtualClock();
  const cluster = createEmbeddedCluster({
    clock,
    random: seededRandom(3),
    freeze: true,
    resources: [...Object.values(resourceSchemas), { type: resourceTypes.httpRoute, subresources: { status: {} } }],
  });
  t.after(() => cluster.close());
  const run = async <T>(work: Promise<T>): Promise<T> => {
    work.catch(() => undefined);
    await clock.advance(1000);
    return work;
  };
  return { clock, cluster, run, get: (type, name) => run(cluster.get({ type, namespace, name }, { signal })) };
}

const route = (path: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web }
spec:
  rules:
    - matches: [{ path: { type: PathPrefix, value: ${path} } }]
      backendRefs:
        - { name: stable, port: 80, weight: 100 }
        - { name: canary, port: 80, weight: 0 }
`;

const service = (extra = ''): string => `
apiVersion: v1
kind: Service
metadata: { name: stable }
spec: { selector: { app: web }, ports: [{ port: 80 }]${extra} }
`;

function setOf(revision: string, ...texts: readonly string[]): ManifestSet {
  return readManifestSet(
    revision,
    texts.map((text, index) => ({ path: `${index}.yaml`, text })),
  );
}

test('what changed in the manifests is changed, and what others hold in the objects stays', async (t) => {
  const { cluster, get, run } = makeCluster(t);
  const options = { cluster, namespace, signal, source: 'a test', prune: false };
  const first = await run(applyManifests(setOf('one', service()), options));
  assert.deepEqual(
    first.objects.map(({ result }) => result),
    ['created'],
  );
  const at = { type: resourceTypes.service, namespace, name: 'stable' };
  const body = { spec: { selector: { 'rollouts-pod-template-hash': 'abc' } } };
  await run(cluster.patch(at, { kind: 'merge', body }, {}, { signal }));

  const again = await run(applyManifests(setOf('two', service()), options));
  assert.deepEqual(
    again.objects.map(({ result }) => result),
    ['unchanged'],
  );
  const changed = await run(applyManifests(setOf('three', service(', sessionAffinity: ClientIP')), options));
  assert.deepEqual(
    changed.objects.map(({ result }) => result),
    ['configured'],
  );
  const live = await get(resourceTypes.service, 'stable');
  assert.deepEqual((live['spec'] as { selector: object }).selector, {
    app: 'web',
    'rollouts-pod-template-hash': 'abc',
  });
  assert.equal((live['spec'] as { sessionAffinity: string }).sessionAffinity, 'ClientIP');
  assert.equal(live.metadata.annotations?.[sourceRevisionAnnotation], 'three');
});

test('a field that left the manifest leaves the object', async (t) => {
  const { cluster, get, run } = makeCluster(t);
  const options = { cluster, namespace, signal, source: 'a test', prune: false };
  const withLabels = service().replace('{ name: stable }', '{ name: stable, labels: { a: "1", b: "2" } }');
  const withOne = service().replace('{ name: stable }', '{ name: stable, labels: { a: "1" } }');
  await run(applyManifests(setOf('one', withLabels), options));
  await run(applyManifests(setOf('two', withOne), options));
  assert.deepEqual((await get(resourceTypes.service, 'stable')).metadata.labels, { a: '1' });
});

test('weights that a release holds in a route are kept when its manifest changes', async (t) => {
  const { cluster, get, run } = makeCluster(t);
  const rollout = projectRollout({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'web', namespace, uid: 'u' },
    spec: {
      strategy: {
        canary: {
          stableService: 'stable',
          canaryService: 'canary',
          trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'web' } } },
        },
      },
    },
  });
  const prepare = (desired: KubeObject, live: KubeObject): KubeObject =>
    keepWeights(desired, live, [rollout], trafficRouters);
  const options = { cluster, namespace, signal, source: 'a test', prune: false, prepare };
  await run(applyManifests(setOf('one', route('/')), options));
  const at = { type: resourceTypes.httpRoute, namespace, name: 'web' };
  const path = (index: number): string => `/spec/rules/0/backendRefs/${index}/weight`;
  const operations = [75, 25].map((value, index) => ({ op: 'replace', path: path(index), value }) as const);
  await run(cluster.patch(at, { kind: 'json', operations }, {}, { signal }));

  await run(applyManifests(setOf('two', route('/shop')), options));
  const live = (await get(resourceTypes.httpRoute, 'web'))['spec'] as {
    rules: { matches: { path: { value: string } }[]; backendRefs: { weight: number }[] }[];
  };
  assert.equal(live.rules[0]?.matches[0]?.path.value, '/shop');
  assert.deepEqual(
    live.rules[0]?.backendRefs.map(({ weight }) => weight),
    [75, 25],
  );
});

test('kinds that are not known are skipped and told; a set with a problem changes nothing', async (t) => {
  const { cluster, run } = makeCluster(t);
  const options = { cluster, namespace, signal, source: 'a test', prune: false };
  const foreign = 'apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: { name: web }\n';
  const applied = await run(applyManifests(setOf('one', foreign, service()), options));
  assert.deepEqual(
    applied.objects.map(({ result }) => result),
    ['skipped', 'created'],
  );
  assert.match(applied.objects[0]?.reason ?? '', /0\.yaml:1: the kind ServiceMonitor/);
  const before = cluster.log.version;
  const broken = await run(applyManifests(setOf('two', service(', type: NodePort'), 'kind: [x'), options));
  assert.match(broken.problems.join(), /^1\.yaml:1:9: /);
  assert.equal(cluster.log.version, before);
});

test('a set with an object that the cluster refuses changes nothing, and every mistake in it is told', async (t) => {
  const { cluster, run } = makeCluster(t);
  const options = { cluster, namespace, signal, source: 'a test', prune: false };
  const wrong = 'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: web }\nspec: { replicas: many }\n';
  const before = cluster.log.version;
  const { objects, problems } = await run(
    applyManifests(setOf('one', service(), wrong, wrong.replace('web', 'api').replace('many', '1.5')), options),
  );
  assert.deepEqual(objects, []);
  for (const [file, name] of [
    ['1.yaml', 'web'],
    ['2.yaml', 'api'],
  ]) {
    const fields = problems.flatMap((text) => {
      const found = /^(?<file>\S+):\d+:\d+: Rollout (?<name>\w+): (?<field>[\w.]+): /.exec(text)?.groups ?? {};
      return found['file'] === file && found['name'] === name ? [found['field']] : [];
    });
    // The first is a wrong type, the others are rules.
    assert.deepEqual(fields, [
      'spec.replicas',
      'spec.selector',
      'spec.template.metadata.labels',
      'spec.template.spec.containers',
      'spec.strategy.strategy',
    ]);
  }
  assert.equal(cluster.log.version, before);
});

test('what left the source is pruned when asked, and nothing that somebody else applied or a controller made', async (t) => {
  const { cluster, get, run } = makeCluster(t);
  const options = { cluster, namespace, signal, source: 'a test', prune: false };
  const other = service().replace('stable', 'other');
  await run(applyManifests(setOf('one', service(), other), options));
  const { uid = '' } = (await get(resourceTypes.service, 'stable')).metadata;
  const owned = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'made',
      namespace,
      annotations: { [sourceAnnotation]: 'a test' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'stable', uid }],
    },
  };
  await run(cluster.create(resourceTypes.configMap, owned, {}, { signal }));
  await run(applyManifests(setOf('one', other.replace('other', 'foreign')), { ...options, source: 'another test' }));
  const kept = await run(applyManifests(setOf('two', service()), options));
  assert.deepEqual(
    kept.objects.map(({ result }) => result),
    ['unchanged'],
  );
  const { objects } = await run(applyManifests(setOf('three', service()), { ...options, prune: true }));
  assert.deepEqual(objects, [
    { identity: 'Service shop/stable', result: 'unchanged' },
    { identity: 'Service shop/other', result: 'pruned' },
  ]);
  await assert.rejects(get(resourceTypes.service, 'other'), { code: 'NotFound' });
  await get(resourceTypes.service, 'foreign');
  await get(resourceTypes.configMap, 'made');
});

test('a source is applied once per revision, also by a later follower, and a broken revision is told once', async (t) => {
  const { cluster, clock, get, run } = makeCluster(t);
  let current = setOf('one', service());
  let reads = 0;
  const told: string[] = [];
  const source = {
    description: 'a test',
    revision: () => Promise.resolve(current.revision),
    read: () => {
      reads += 1;
      return Promise.resolve(current);
    },
  };
  const follow = (): { stop: () => Promise<void> } => {
    const ending = new AbortController();
    const done = followSource(
      {
        source,
        cluster,
        namespace,
        clock,
        log: silentLog,
        intervalMs: 1000,
        prune: false,
        onApplied: (revision) => told.push(`applied ${revision}`),
        onRefused: (revision) => told.push(`refused ${revision}`),
      },
      ending.signal,
    );
    return {
      stop: async () => {
        ending.abort(new Error('stop'));
        await run(done);
      },
    };
  };
  const first = follow();
  await clock.advance(5000);
  const at = { type: resourceTypes.service, namespace, name: 'stable' };
  await run(cluster.patch(at, { kind: 'merge', body: { metadata: { labels: { by: 'hand' } } } }, {}, { signal }));
  await first.stop();
  const second = follow();
  await clock.advance(5000);
  assert.equal(reads, 1, 'the later follower knows that the revision was applied');
  current = setOf('two', 'kind: [x');
  await clock.advance(5000);
  current = setOf('three', service(', sessionAffinity: ClientIP'));
  await clock.advance(5000);
  await second.stop();
  assert.deepEqual(told, ['applied one', 'refused two', 'applied three']);
  assert.deepEqual((await get(resourceTypes.service, 'stable')).metadata.labels, { by: 'hand' });
});
