import assert from 'node:assert/strict';
import { test } from 'node:test';

import { expandVariables } from '../../../../src/cluster/embedded/runtime/expand-variables.ts';

test('references expand as in Kubernetes: unknown ones stay, doubled dollars escape', () => {
  const variables = new Map([
    ['A', '1'],
    ['B', '$(A)'],
    ['EMPTY', ''],
  ]);
  const cases: readonly (readonly [string, string])[] = [
    ['$(A)', '1'],
    ['x$(A)y$(A)z', 'x1y1z'],
    ['$(B)', '$(A)'],
    ['[$(EMPTY)]', '[]'],
    ['$(C)', '$(C)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$$$$(A)', '$$(A)'],
    ['$A ${A} $', '$A ${A} $'],
    ['$(A', '$(A'],
    ['$()', '$()'],
  ];
  for (const [text, expected] of cases) assert.equal(expandVariables(text, variables), expected, text);
});
