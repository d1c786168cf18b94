import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { KubeObject } from '../../../src/api/object.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import { builtinTraits } from '../../../src/cluster/embedded/builtin/builtin-resources.ts';
import { listObjects } from '../../../src/cluster/embedded/list-objects.ts';
import { ObjectStore } from '../../../src/cluster/embedded/object-store.ts';

const type = resourceTypes.configMap;

const action = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  namespace: fc.constantFrom('x', 'y'),
  value: fc.nat(9),
  isRemoval: fc.boolean(),
});

interface Action {
  readonly name: string;
  readonly namespace: string;
  readonly value: number;
  readonly isRemoval: boolean;
}

function perform(store: ObjectStore, { name, namespace, value, isRemoval }: Action): void {
  const current = store.find(type, namespace, name);
  if (isRemoval) {
    if (current !== undefined) store.remove(type, current);
  } else {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { value } };
    store.put(type, object, current);
  }
  store.log.publish();
}

test('all pages together are the state at the first page, whatever happens between them', () => {
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 20 }),
      fc.array(fc.array(action, { maxLength: 4 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(undefined, 'x'),
      (before, between, limit, namespace) => {
        const store = new ObjectStore(builtinTraits, { version: 0, historyMax: 1000, freeze: true });
        const scope = namespace === undefined ? {} : { namespace };
        for (const one of before) perform(store, one);
        const expected = listObjects(store, type, scope);
        const seen: KubeObject[] = [];
        let page = listObjects(store, type, { ...scope, limit });
        for (let round = 0; ; round += 1) {
          seen.push(...page.items);
          assert.equal(page.resourceVersion, expected.resourceVersion);
          assert.equal(page.items.length <= limit, true);
          if (page.continueToken === undefined) break;
          assert.equal(page.remainingItemCount, expected.items.length - seen.length);
          for (const one of between[round] ?? []) perform(store, one);
          page = listObjects(store, type, { ...scope, limit, continueToken: page.continueToken });
        }
        assert.deepEqual(seen, expected.items);
      },
    ),
  );
});
