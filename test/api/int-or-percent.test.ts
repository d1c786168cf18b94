import assert from 'node:assert/strict';
import test from 'node:test';

import { bareNumber, resolveIntOrPercent } from '../../src/api/int-or-percent.ts';

test('percentages are rounded up or down', () => {
  assert.deepEqual(resolveIntOrPercent('25%', 10, 'up'), { ok: true, value: 3 });
  assert.deepEqual(resolveIntOrPercent('25%', 10, 'down'), { ok: true, value: 2 });
  assert.deepEqual(resolveIntOrPercent('0%', 10, 'up'), { ok: true, value: 0 });
  assert.deepEqual(resolveIntOrPercent('150%', 2, 'down'), { ok: true, value: 3 });
});

test('a number is taken as it is, text of digits is a percentage', () => {
  assert.deepEqual(resolveIntOrPercent(25, 10, 'up'), { ok: true, value: 25 });
  assert.deepEqual(resolveIntOrPercent('25', 10, 'up'), { ok: true, value: 3 });
});

test('anything else is refused and named', () => {
  for (const value of ['', 'abc', '2.5%', '1e2', '99999999999%']) {
    const resolved = resolveIntOrPercent(value, 10, 'up');
    assert.ok(!resolved.ok);
    assert.match(resolved.error, new RegExp(`"${value}"`));
  }
});

test('the bare number ignores the percent sign and counts unreadable text as 0', () => {
  assert.deepEqual(['0%', '7%', '7', 7, '', 'x', '-1%'].map(bareNumber), [0, 7, 7, 7, 0, 0, 0]);
});
