import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

import { drawDifferences } from '../../scripts/draw-differences.ts';
import { goldenForms } from './forms.ts';

describe('deliberate differences', () => {
  it('are listed in docs/differences.md as the rules say (npm run differences)', () => {
    const page = readFileSync(new URL('../../docs/differences.md', import.meta.url), 'utf8');
    assert.equal(page, drawDifferences());
  });

  it('have a name of their own and a reason', () => {
    for (const { name: form, differences } of goldenForms) {
      const names = differences.map(({ name }) => name);
      assert.equal(new Set(names).size, names.length, form);
      for (const { name, reason } of differences) assert.ok(reason.length > 40, `${form}: ${name}`);
    }
  });
});
