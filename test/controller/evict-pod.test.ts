import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { DeleteOptions } from '../../src/cluster/port.ts';
import type { PerformContext } from '../../src/controller/perform-context.ts';
import { perform } from '../../src/controller/perform.ts';
import type { Effect } from '../../src/engine/decision.ts';

const { signal } = new AbortController();

/** Carries an eviction out while the cache knows the pod as given; what the cluster was asked with. */
async function evict(isBroken: boolean, cached: { readonly available: boolean } | undefined): Promise<unknown> {
  const asked: DeleteOptions[] = [];
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'shop', uid: '1', resourceVersion: '9' },
  };
  // The only parts of the context that an eviction uses.
  const context = {
    namespace: 'shop',
    caches: {
      pods: {
        get: () => (cached === undefined ? undefined : { ...cached, resourceVersion: '7' }),
        remember: () => undefined,
      },
    },
    cluster: {
      evict: (_: unknown, options: DeleteOptions) => {
        asked.push(options);
        return Promise.resolve();
      },
      get: () => Promise.resolve(pod),
    },
  } as unknown as PerformContext;
  const effect: Effect = { kind: 'evictPod', phase: 'shrink', name: 'a', uid: '1', isBroken };
  await perform(effect, context, signal);
  return asked;
}

test('a pod that was seen broken is evicted only as it was seen', async () => {
  assert.deepEqual(await evict(true, { available: false }), [{ uid: '1', resourceVersion: '7' }]);
  assert.deepEqual(await evict(true, { available: true }), [], 'it serves by now, and no budget was asked for it');
});

test('a pod that the budget lets go may have changed in between', async () => {
  assert.deepEqual(await evict(false, { available: true }), [{ uid: '1' }]);
});
