import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seededRandom } from '../../../../src/base/random.ts';
import { LoopbackAddresses } from '../../../../src/cluster/embedded/runtime/loopback-addresses.ts';

test('every pod gets an address of its own that nobody else uses', () => {
  const addresses = new LoopbackAddresses(seededRandom(1));
  const first = addresses.take();
  addresses.give(first);
  const taken = Array.from({ length: 1000 }, () => addresses.take());
  assert.equal(new Set([first, ...taken]).size, 1001, 'an address that was given back is not used again at once');
  for (const address of taken) {
    const [a, b, c, d] = address.split('.').map(Number);
    assert.equal(a, 127);
    assert.ok(b! >= 1 && b! <= 255 && c! >= 0 && c! <= 255 && d! >= 1 && d! <= 254, address);
  }
});

test('an address that an earlier life has given out is kept for its pod', () => {
  const next = new LoopbackAddresses(seededRandom(1)).take();
  const addresses = new LoopbackAddresses(seededRandom(1));
  addresses.keep(next);
  assert.notEqual(addresses.take(), next);
});
