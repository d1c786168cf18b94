import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { StepPluginStatus } from '../../../src/api/rollout-status.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { StepPlugin } from '../../../src/controller/step-plugins/contract.ts';
import { StepPluginCalls } from '../../../src/controller/step-plugins/step-plugin-calls.ts';
import { callKey, type StepPluginAnswer } from '../../../src/engine/step-plugin.ts';
import type { RolloutView } from '../../../src/engine/world.ts';

const entry: StepPluginStatus = { index: 0, name: 'example.com/smoke', operation: 'Run', phase: 'Running' };

function rolloutWith(...stepPluginStatuses: readonly StepPluginStatus[]): RolloutView {
  return {
    name: 'web',
    namespace: 'shop',
    uid: 'uid',
    resourceVersion: '1',
    generation: 1,
    createdAt: 0,
    deleting: false,
    labels: {},
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    spec: {},
    templateHash: 'hash',
    stepsHash: '',
    status: { canary: { stepPluginStatuses: [...stepPluginStatuses] } },
  };
}

/** Calls of one plug-in that the test answers. */
function stage() {
  const waiting: { answer: (answer: StepPluginAnswer) => void; signal: AbortSignal; annotations: object }[] = [];
  const woken: string[] = [];
  const plugin: StepPlugin = {
    disabled: false,
    call: ({ rollout: { annotations } }, signal) =>
      new Promise((answer) => {
        waiting.push({ answer, signal, annotations });
      }),
  };
  const plugins = new Map([[entry.name, plugin]]);
  const wake = (namespace: string, name: string): void => void woken.push(`${namespace}/${name}`);
  const calls = new StepPluginCalls({ plugins, log: silentLog, wake });
  const call = {
    key: callKey({ templateHash: 'hash' }, entry),
    operation: 'Run',
    index: 0,
    name: entry.name,
    config: undefined,
    status: undefined,
    execution: 1,
  } as const;
  return { calls, call, waiting, woken };
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test('a call is made once, and its answer waits for the next pass', async () => {
  const { calls, call, waiting, woken } = stage();
  const rollout = rolloutWith(entry);
  calls.begin(call, rollout);
  calls.begin(call, rollout);
  assert.equal(waiting.length, 1);
  assert.deepEqual(waiting[0]?.annotations, {}, 'nobody is told the whole manifest');
  assert.deepEqual(calls.view(rollout).calls, [{ key: call.key, answer: undefined }]);
  assert.equal(calls.active, 1);
  waiting[0]?.answer({ phase: 'Successful', message: '' });
  await settled();
  assert.deepEqual([calls.active, woken], [0, ['shop/web']]);
  assert.equal(calls.view(rollout).calls[0]?.answer?.phase, 'Successful');
});

test('an answer is forgotten when the status holds it', async () => {
  const { calls, call, waiting } = stage();
  calls.begin(call, rolloutWith(entry));
  waiting[0]?.answer({ phase: 'Running', message: '' });
  await settled();
  assert.deepEqual(calls.view(rolloutWith({ ...entry, executions: 1 })).calls, []);
});

test('a call that nobody waits for any more is ended, and wakes nobody', async () => {
  for (const end of ['aborted', 'gone'] as const) {
    const { calls, call, waiting, woken } = stage();
    calls.begin(call, rolloutWith(entry));
    if (end === 'gone') calls.forget('uid');
    else assert.deepEqual(calls.view(rolloutWith(entry, { ...entry, operation: 'Abort' })).calls, []);
    assert.equal(waiting[0]?.signal.aborted, true);
    waiting[0]?.answer({ phase: 'Successful', message: '' });
    await settled();
    assert.deepEqual(woken, []);
  }
});

test('a step that asks for a plug-in that nobody knows is a problem of the specification', () => {
  const { calls } = stage();
  const steps = ['example.com/other', entry.name, 'sluice.dev/approval'].map((name) => ({ plugin: { name } }));
  const rollout = { ...rolloutWith(), spec: { strategy: { canary: { steps } } } };
  assert.deepEqual(calls.problems(rollout), [
    {
      field: 'spec.strategy.canary.steps[0].plugin.name',
      message: 'Unsupported value: "example.com/other": the controller knows sluice.dev/approval, example.com/smoke',
    },
  ]);
});
