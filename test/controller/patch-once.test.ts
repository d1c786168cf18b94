import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import { hasCode, SluiceError, type ErrorCode } from '../../src/base/error.ts';
import type { ClusterPort } from '../../src/cluster/port.ts';
import { calledBackAnnotation, patchOnce, type VersionedBody } from '../../src/controller/patch-once.ts';

const { signal } = new AbortController();
const at = { type: resourceTypes.service, namespace: 'shop', name: 'web' };
const change = { metadata: { resourceVersion: '7' }, spec: { selector: { a: 'b' } } };

interface Sent {
  readonly body?: VersionedBody;
  readonly end?: AbortSignal;
  readonly isUrgent?: boolean;
  readonly wait?: { readonly retryAfterMs?: number };
}

/** The bodies that the cluster is sent; each call fails with the next of the codes. */
async function sent(
  codes: readonly ErrorCode[],
  { body = change, end = signal, isUrgent, wait = {} }: Sent = {},
): Promise<readonly unknown[]> {
  const bodies: unknown[] = [];
  const cluster: Pick<ClusterPort, 'patch'> = {
    patch: (_at, patch) => {
      const code = codes[bodies.length];
      bodies.push(patch.kind === 'merge' ? patch.body : patch);
      if (code !== undefined) return Promise.reject(new SluiceError(code, 'no', wait));
      return Promise.resolve({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } });
    },
  };
  // Only `patch` is used.
  const once = { cluster: cluster as ClusterPort, ...(isUrgent === undefined ? {} : { isUrgent }) };
  const patched = patchOnce(once, at, body, end);
  const [first] = codes;
  if (first === undefined) await patched;
  else await assert.rejects(patched, (error) => hasCode(error, first), 'the first error is the one that is told');
  return bodies;
}

describe('a change of an object as it was seen', () => {
  const callBack = { metadata: { resourceVersion: '7', annotations: { [calledBackAnnotation]: '7' } } };

  it('is sent once', async () => {
    assert.deepEqual(await sent([]), [change]);
  });

  it('is called back when its answer is lost, by a change of the same version', async () => {
    assert.deepEqual(await sent(['Timeout']), [change, callBack]);
    assert.deepEqual(await sent(['Unavailable']), [change, callBack]);
  });

  it('fails as it failed when it was made already, or cannot be called back', async () => {
    assert.deepEqual(await sent(['Timeout', 'Conflict']), [change, callBack]);
    assert.deepEqual(await sent(['Timeout', 'Timeout']), [change, callBack]);
  });

  it('is not called back when the answer was a refusal', async () => {
    assert.deepEqual(await sent(['Conflict']), [change]);
    assert.deepEqual(await sent(['Forbidden']), [change]);
    assert.deepEqual(await sent(['Unavailable'], { wait: { retryAfterMs: 1000 } }), [change]);
    assert.deepEqual(await sent(['Timeout'], { wait: { retryAfterMs: 1000 } }), [change, callBack]);
  });

  it('is not called back when it takes users away: late is better than never', async () => {
    assert.deepEqual(await sent(['Timeout'], { isUrgent: true }), [change]);
  });

  it('is not called back without a version, nor by a process that ends', async () => {
    const blind = { metadata: {}, spec: change.spec };
    assert.deepEqual(await sent(['Timeout'], { body: blind }), [blind]);
    assert.deepEqual(await sent(['Timeout'], { end: AbortSignal.abort() }), [change]);
  });
});
