import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SluiceError } from '../../src/base/error.ts';
import { InvariantError } from '../../src/base/invariant.ts';
import { apply } from '../../src/controller/apply.ts';
import { createMemoryJournal, type Journal } from '../../src/controller/journal.ts';
import type { Effect } from '../../src/engine/decision.ts';
import { effectText } from '../../src/engine/reason.ts';

const lower: Effect = { kind: 'switchService', phase: 'lower', service: 'active', hash: 'a', previousHash: 'b' };
const record: Effect = { kind: 'annotateRollout', phase: 'record', annotations: { x: '1' } };
const stop: Effect = { kind: 'terminateAnalysisRun', phase: 'analyse', name: 'run' };

const context = { subject: 'c/ns/web', revision: 2, reason: 'because', textOf: effectText, now: () => 5 };
const { signal } = new AbortController();

test('every effect stands between an intent and a result', async () => {
  const journal = createMemoryJournal();
  const seen: string[] = [];
  const perform = (effect: Effect): Promise<string> => {
    const open = journal.entries().at(-1);
    assert.equal(open?.result, undefined, 'the intent is recorded before the effect');
    seen.push(effect.kind);
    return Promise.resolve('7');
  };
  const applied = await apply([lower, stop], context, journal, perform, signal);
  assert.deepEqual(applied, { kind: 'done' });
  assert.deepEqual(seen, ['switchService', 'terminateAnalysisRun']);
  assert.deepEqual(
    journal.entries().map(({ sequence, intent, result }) => [sequence, intent.action, intent.reason, result?.kind]),
    [
      [1, 'switchService', 'because', 'done'],
      [2, 'terminateAnalysisRun', 'because', 'done'],
    ],
  );
});

test('the first failure stops the rest, and a lost answer is recorded as unknown', async () => {
  const journal = createMemoryJournal();
  const performed: string[] = [];
  const perform = (effect: Effect): Promise<undefined> => {
    performed.push(effect.kind);
    return Promise.reject(new SluiceError('Timeout', 'no answer'));
  };
  const applied = await apply([lower, stop, record], context, journal, perform, signal);
  assert.equal(applied.kind, 'failed');
  assert.deepEqual(performed, ['switchService']);
  assert.equal(journal.entries()[0]?.result?.kind, 'unknown');
});

test('when nothing can be recorded only what lowers exposure is done', async () => {
  const broken: Journal = { begin: () => Promise.reject(new Error('disk full')), end: () => Promise.resolve() };
  const performed: string[] = [];
  const perform = (effect: Effect): Promise<undefined> => {
    performed.push(effect.kind);
    return Promise.resolve(undefined);
  };
  const applied = await apply([lower, stop, record], context, broken, perform, signal);
  assert.deepEqual(performed, ['switchService']);
  assert.ok(applied.kind === 'failed' && applied.error.message.includes('disk full'));
});

test('a bug of ours is not mistaken for a failure of the cluster', async () => {
  const perform = (): Promise<undefined> => Promise.reject(new InvariantError('must not be'));
  await assert.rejects(apply([lower], context, createMemoryJournal(), perform, signal), InvariantError);
});

test('the journal in memory drops the oldest entries and still finds the others', async () => {
  const journal = createMemoryJournal(2);
  const intent = { ...context, actor: { kind: 'engine', name: 'x' }, action: 'a', text: 't', at: 1 } as const;
  const [first, second, third] = [
    await journal.begin(intent),
    await journal.begin(intent),
    await journal.begin(intent),
  ];
  await journal.end(second, { kind: 'done' });
  await journal.end(first, { kind: 'done' });
  await journal.end(third, { kind: 'failed', code: 'Conflict', message: 'm' });
  assert.deepEqual(
    journal.entries().map(({ sequence, result }) => [sequence, result?.kind]),
    [
      [2, 'done'],
      [3, 'failed'],
    ],
  );
});
