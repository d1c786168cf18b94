import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hideSecrets } from '../../src/base/hide-secrets.ts';

test('values of fields that may be secrets are hidden at whatever depth', () => {
  const fields = { token: 'a', kept: 1, inner: { Authorization: 'b', list: [{ password: { x: 'c' } }, 'text'] } };
  assert.deepEqual(hideSecrets(fields), {
    token: '[hidden]',
    kept: 1,
    inner: { Authorization: '[hidden]', list: [{ password: '[hidden]' }, 'text'] },
  });
  assert.equal(fields.token, 'a');
});

test('what is nested too deeply to be looked at is left out', () => {
  const line = JSON.stringify(hideSecrets({ a: { b: { c: { d: { token: 'x' } } } } }));
  assert.equal(line.includes('"x"'), false);
});
