import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { drawStatechart } from '../../scripts/draw-statechart.ts';

test('docs/statechart.md shows the statechart as it is', () => {
  const stored = readFileSync(new URL('../../docs/statechart.md', import.meta.url), 'utf8');
  assert.equal(stored, drawStatechart(), 'run `npm run statechart`');
});
