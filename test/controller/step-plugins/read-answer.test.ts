import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readStepPluginAnswer } from '../../../src/controller/step-plugins/read-answer.ts';

test('an answer of a step plug-in is checked before anything of it is stored', () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    ['Successful', /no JSON object/u],
    [{}, /phase is missing; it must be one of Running, Successful, Failed/u],
    [{ phase: 'Error' }, /phase is "Error"/u],
    [{ phase: 'Running', message: 7 }, /message must be a text/u],
    [{ phase: 'Running', requeueAfter: 5 }, /requeueAfter/u],
    [{ phase: 'Running', requeueAfter: 'soon' }, /"soon" is not a duration/u],
    [{ phase: 'Running', status: 'x'.repeat(5000) }, /status has 5002 bytes; at most 4096/u],
    [{ phase: 'Running', status: 1n }, /status is no JSON/u],
  ];
  for (const [answer, message] of cases) {
    const read = readStepPluginAnswer(answer);
    assert.match(read.ok ? 'taken' : read.error, message);
  }
});

test('a step plug-in is asked neither at once nor never again, and tells no stories', () => {
  const delayOf = (requeueAfter: string): number | undefined => {
    const read = readStepPluginAnswer({ phase: 'Running', requeueAfter });
    return read.ok ? read.value.askAgainAfterMs : assert.fail(read.error);
  };
  assert.deepEqual(['1ms', '5s', '100h'].map(delayOf), [1000, 5000, 3_600_000]);
  const long = readStepPluginAnswer({ phase: 'Failed', message: 'x'.repeat(5000) });
  assert.equal(long.ok && long.value.message.length, 1000);
});
