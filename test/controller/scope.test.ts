import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { resourceSchemas } from '../../src/api/crd.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { hasCode } from '../../src/base/error.ts';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { createEmbeddedCluster } from '../../src/cluster/embedded/embedded-cluster.ts';
import type { ListQuery } from '../../src/cluster/port.ts';
import { createClusterView, type ClusterView } from '../../src/controller/cluster-view.ts';
import { instanceIdLabel, instanceSelector, scopeNamespaces, type Scope } from '../../src/controller/scope.ts';
import { VirtualClock } from '../cluster/embedded/virtual-clock.ts';

const call = { signal: new AbortController().signal };

/** Looks at three namespaces with the same Rollouts: one without an instance, one of `blue`. */
async function look(scope: Scope, body: (view: ClusterView, asked: readonly string[]) => void): Promise<void> {
  const clock = new VirtualClock();
  const cluster = createEmbeddedCluster({ clock, random: seededRandom(1), resources: Object.values(resourceSchemas) });
  const made = ['a', 'b', 'c'].flatMap((namespace) =>
    [undefined, 'blue'].map((id) => {
      const labels = id === undefined ? {} : { [instanceIdLabel]: id };
      const metadata = { name: id ?? 'plain', namespace, labels };
      const spec = { selector: {}, template: {} };
      const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata, spec };
      return cluster.create(resourceTypes.rollout, rollout, {}, call);
    }),
  );
  await Promise.all([...made, clock.advance(0)]);
  const asked: string[] = [];
  const watched = new Proxy(cluster, {
    get: (target, key) => {
      if (key === 'list') {
        return (type: { plural: string }, query: ListQuery, ...rest: unknown[]) => {
          asked.push(`${type.plural}@${query.namespace ?? '*'}`);
          return Reflect.apply(Reflect.get(target, key), target, [type, query, ...rest]);
        };
      }
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const view = createClusterView({
    cluster: watched,
    scope,
    clock,
    random: seededRandom(2),
    log: silentLog,
    routers: {},
    routerTypes: [],
    onChange: () => {},
  });
  const stop = new AbortController();
  const { synced, ended } = view.start(stop.signal);
  await Promise.all([synced, clock.advance(1000)]);
  body(view, asked);
  stop.abort();
  await Promise.all([ended, clock.advance(1000)]);
  cluster.close();
}

function names(view: ClusterView): readonly string[] {
  return [...view.rollouts.list()].map(({ namespace, name }) => `${namespace}/${name}`).toSorted();
}

describe('what a controller looks after', () => {
  test('is the whole cluster, or the Rollouts of its instance in it', async () => {
    await look({ namespaces: [] }, (view) => assert.equal(names(view).length, 6));
    await look({ namespaces: [], instanceId: '' }, (view) =>
      assert.deepEqual(names(view), ['a/plain', 'b/plain', 'c/plain']),
    );
    await look({ namespaces: [], instanceId: 'blue' }, (view) =>
      assert.deepEqual(names(view), ['a/blue', 'b/blue', 'c/blue']),
    );
  });

  test('is one namespace or several, without asking for anything outside', async () => {
    for (const namespaces of [['a'], ['a', 'c']]) {
      await look({ namespaces }, (view, asked) => {
        const expected = namespaces.flatMap((namespace) => [`${namespace}/blue`, `${namespace}/plain`]);
        assert.deepEqual(names(view), expected);
        assert.equal(view.rollouts.get('a', 'blue')?.name, 'blue');
        assert.equal(view.rollouts.get('b', 'blue'), undefined);
        const uid = view.rollouts.get('a', 'plain')?.uid ?? '';
        assert.equal(view.rollouts.find(uid)?.name, 'plain');
        const places = new Set(asked.map((line) => line.split('@')[1]));
        assert.deepEqual(places, new Set(namespaces));
        assert.ok(!asked.some((line) => line.startsWith('clusteranalysistemplates')));
      });
    }
  });

  test('must be named in a way that Kubernetes knows', () => {
    assert.equal(instanceSelector({ namespaces: [] }), undefined);
    assert.deepEqual(scopeNamespaces(['a', 'b-1', 'a']), ['a', 'b-1']);
    for (const instanceId of ['a b', 'x,y', '-a', 'a'.repeat(64)]) {
      assert.throws(
        () => instanceSelector({ namespaces: [], instanceId }),
        (error) => hasCode(error, 'Usage'),
      );
    }
    for (const name of ['', 'A', 'a.b', 'a/b']) {
      assert.throws(
        () => scopeNamespaces([name]),
        (error) => hasCode(error, 'Usage'),
      );
    }
  });
});
