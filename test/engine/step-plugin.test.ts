import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { CanaryStep } from '../../src/api/canary-step.ts';
import type { StepPluginStatus } from '../../src/api/rollout-status.ts';
import { decide } from '../../src/engine/decide.ts';
import type { Decision } from '../../src/engine/decision.ts';
import type { StepPluginAnswer, StepPluginCall, StepPluginsView } from '../../src/engine/step-plugin.ts';
import { wantedCalls } from '../../src/engine/step-plugin.ts';
import { modelWorld, type ModelWorld } from './model-world.ts';

const smoke = { plugin: { name: 'example.com/smoke', config: { suite: 'checkout' } } };

/** A canary that stands at its first step, with what is known about calls. */
function standing(...steps: readonly CanaryStep[]) {
  const model = modelWorld({
    spec: { replicas: 1, selector: {}, template: {}, strategy: { canary: { steps: [...steps, { pause: {} }] } } },
  });
  model.settle();
  model.setTemplate('v2');
  let view: StepPluginsView = { disabled: [], calls: [] };
  const pass = (patch: Parameters<ModelWorld['patchSpec']>[0] = {}): Decision => {
    model.patchSpec(patch);
    const decision = decide({ ...model.world(), stepPlugins: view });
    model.patchStatus({ canary: undefined, currentStepIndex: undefined, ...decision.status });
    return decision;
  };
  return {
    model,
    pass,
    /** Passes until a call is wanted, and answers it at the next pass. */
    call(): StepPluginCall {
      for (let turn = 0; turn < 10; turn += 1) {
        const [found] = callsOf(pass());
        if (found !== undefined) return found;
      }
      throw new Error('no call is wanted');
    },
    answer(call: StepPluginCall, answer: StepPluginAnswer): Decision {
      view = { ...view, calls: [{ key: call.key, answer }] };
      return pass();
    },
    know: (change: Partial<StepPluginsView>): void => void (view = { ...view, ...change }),
  };
}

function entriesOf({ status }: Decision): readonly StepPluginStatus[] {
  return status.canary?.stepPluginStatuses ?? [];
}

function callsOf({ effects }: Decision): readonly StepPluginCall[] {
  return effects.flatMap((effect) => (effect.kind === 'callStepPlugin' ? [effect.call] : []));
}

describe('a step plug-in', () => {
  it('gets its entry before it is called, and is called once', () => {
    const stage = standing(smoke);
    const call = stage.call();
    assert.deepEqual(
      { ...call, key: '' },
      {
        key: '',
        operation: 'Run',
        index: 0,
        name: 'example.com/smoke',
        config: { suite: 'checkout' },
        status: undefined,
        execution: 1,
      },
    );
    stage.know({ calls: [{ key: call.key, answer: undefined }] });
    assert.deepEqual(callsOf(stage.pass()), [], 'one call is under way');
  });

  it('is asked again after its own delay, with what it answered', () => {
    const stage = standing(smoke);
    const running = { phase: 'Running', message: 'half', status: { at: 1 }, askAgainAfterMs: 5000 } as const;
    const decision = stage.answer(stage.call(), running);
    const [entry] = entriesOf(decision);
    assert.equal(entry?.phase, 'Running');
    assert.deepEqual([entry.message, entry.backoff, entry.executions, entry.status], ['half', '5s', 1, { at: 1 }]);
    assert.equal(decision.state, 'canary.step.plugin');
    assert.deepEqual(callsOf(stage.pass()), []);
    assert.equal(decision.lookAgainAt, stage.model.world().now + 5000);
    stage.model.advance(5);
    const again = stage.call();
    assert.deepEqual([again.execution, again.status], [2, { at: 1 }]);
  });

  it('lets the update go on when it is Successful', () => {
    const stage = standing(smoke);
    const decision = stage.answer(stage.call(), { phase: 'Successful', message: '' });
    assert.equal(decision.status.currentStepIndex, 1);
    assert.equal(entriesOf(decision)[0]?.phase, 'Successful');
    assert.notEqual(entriesOf(decision)[0]?.finishedAt, undefined);
  });

  it('aborts the update when it has Failed, with its message', () => {
    const stage = standing(smoke);
    const decision = stage.answer(stage.call(), { phase: 'Failed', message: 'too slow' });
    assert.equal(decision.state, 'aborted');
    assert.equal(decision.status.abort, true);
    const text = decision.status.conditions?.find(({ type }) => type === 'Progressing')?.message ?? '';
    assert.match(text, /Step plug-in example.com\/smoke failed: too slow/u);
  });

  it('is asked again every 30 seconds after an Error', () => {
    const stage = standing(smoke);
    const waits = Array.from({ length: 3 }, () => {
      const decision = stage.answer(stage.call(), { phase: 'Error', message: 'nobody there' });
      const { backoff = '' } = entriesOf(decision)[0] ?? {};
      stage.model.advance(29);
      assert.deepEqual(callsOf(stage.pass()), []);
      stage.model.advance(1);
      return backoff;
    });
    assert.deepEqual(waits, ['30s', '30s', '30s']);
  });

  it('is late when the step outlasts the progress deadline, unless it waits for an approval', () => {
    const reasonOf = (plugin: NonNullable<CanaryStep['plugin']>): string | undefined => {
      const stage = standing({ plugin });
      stage.model.patchSpec({ progressDeadlineSeconds: 45 });
      for (let turn = 0; turn < 10; turn += 1) stage.model.pass();
      stage.model.advance(47);
      return stage.pass().status.conditions?.find(({ type }) => type === 'Progressing')?.reason;
    };
    assert.equal(reasonOf(smoke.plugin), 'ProgressDeadlineExceeded');
    assert.equal(reasonOf({ name: 'sluice.dev/approval' }), 'NewReplicaSetCreated');
  });

  it('takes no answer to another call', () => {
    const stage = standing(smoke);
    const call = stage.call();
    const decision = stage.answer({ ...call, key: `${call.key}0` }, { phase: 'Successful', message: '' });
    assert.equal(decision.status.currentStepIndex, 0);
  });

  it('is not called while a gate holds, nor while the Rollout is invalid', () => {
    const stage = standing(smoke);
    stage.pass();
    const held = stage.pass({ paused: true });
    assert.deepEqual(callsOf(held), []);
    const world = stage.model.world();
    const invalid = decide({ ...world, problems: [{ field: 'spec', message: 'wrong' }], stepPlugins: undefined });
    assert.deepEqual(callsOf(invalid), []);
  });

  it('is passed by when it is switched off, also in the middle of it', () => {
    const stage = standing(smoke);
    stage.call();
    stage.know({ disabled: ['example.com/smoke'] });
    const decision = stage.pass();
    assert.equal(decision.status.currentStepIndex, 1);
    assert.equal(entriesOf(decision)[0]?.disabled, true);
  });

  it('takes back what ran or was done when the update is aborted, the last step first', () => {
    const stage = standing(smoke, { plugin: { name: 'example.com/other' } });
    stage.answer(stage.call(), { phase: 'Successful', message: '', status: { token: 'a' } });
    stage.call();
    stage.model.patchStatus({ abort: true });
    const operations = entriesOf(stage.pass()).map(({ index, operation, phase }) => [index, operation, phase]);
    assert.deepEqual(operations, [
      [0, 'Run', 'Successful'],
      [1, 'Run', 'Running'],
      [1, 'Abort', 'Running'],
      [0, 'Abort', 'Running'],
    ]);
    assert.deepEqual(
      callsOf(stage.pass()).map(({ index, operation, status }) => [index, operation, status]),
      [
        [1, 'Abort', undefined],
        [0, 'Abort', { token: 'a' }],
      ],
    );
    assert.ok(!wantedCalls(stage.model.world().rollout).some((key) => key.includes('/Run/')), 'the run is not wanted');
  });

  it('is ended when its revision is replaced, and begins anew only after that', () => {
    const stage = standing(smoke);
    stage.call();
    stage.model.setTemplate('v3');
    const [first] = entriesOf(stage.pass());
    assert.deepEqual([first?.operation, first?.phase], ['Terminate', 'Running']);
    const end = stage.call();
    assert.equal(end.operation, 'Terminate');
    const after = entriesOf(stage.answer(end, { phase: 'Successful', message: '' }));
    assert.deepEqual(
      after.map(({ operation }) => operation),
      [],
      'what was ended is over',
    );
    assert.equal(stage.call().operation, 'Run');
  });

  it('is given up when it can never be ended, and holds no other plug-in in its place back', () => {
    const stage = standing(smoke);
    stage.call();
    const other = { plugin: { name: 'example.com/other' } };
    stage.model.setTemplate('v3');
    stage.model.patchSpec({ strategy: { canary: { steps: [other, { pause: {} }] } } });
    stage.pass();
    const wanted = new Set<string>();
    for (let turn = 0; turn < 4; turn += 1) for (const { name } of callsOf(stage.pass())) wanted.add(name);
    assert.deepEqual([...wanted].toSorted(), ['example.com/other', 'example.com/smoke']);
    let phases: readonly string[] = [];
    for (let count = 0; count < 20; count += 1) {
      stage.model.advance(300);
      const call = callsOf(stage.pass()).find(({ operation }) => operation === 'Terminate');
      assert.ok(call !== undefined, `try ${count + 1}`);
      const decision = stage.answer(call, { phase: 'Error', message: 'gone' });
      phases = entriesOf(decision).map(({ operation, phase }) => `${operation ?? ''} ${phase ?? ''}`);
    }
    assert.deepEqual(phases, ['Run Running'], 'what was given up is over');
  });

  it('is ended when its step is left before its end', () => {
    const stage = standing(smoke);
    stage.call();
    stage.model.patchStatus({ currentStepIndex: 1 });
    const operations = entriesOf(stage.pass()).map(({ operation, phase }) => `${operation ?? ''} ${phase ?? ''}`);
    assert.deepEqual(operations, ['Run Running', 'Terminate Running']);
  });
});

describe('an approval step', () => {
  const approval = (config: object): CanaryStep => ({ plugin: { name: 'sluice.dev/approval', config: { ...config } } });

  it('waits for one of its approvers, and is never called', () => {
    const stage = standing(approval({ approvers: ['ann'] }));
    stage.pass();
    const decision = stage.pass();
    assert.equal(entriesOf(decision)[0]?.message, 'waits for approval by ann');
    assert.deepEqual(callsOf(decision), []);
    const approve = (by: string): Decision => {
      const [entry] = stage.model.status().canary?.stepPluginStatuses ?? [];
      assert.ok(entry !== undefined);
      const approved = { ...entry, status: { approval: { by, at: '2026-01-01T00:00:00Z' } } };
      stage.model.patchStatus({ canary: { stepPluginStatuses: [approved] } });
      return stage.pass();
    };
    assert.equal(approve('mallory').status.currentStepIndex, 0);
    assert.equal(approve('ann').status.currentStepIndex, 1);
  });

  it('fails when nobody approves in time', () => {
    const stage = standing(approval({ timeout: '1m' }));
    stage.pass();
    stage.pass();
    stage.model.advance(60);
    assert.equal(stage.pass().state, 'canary.step.plugin', 'the time is not over');
    stage.model.advance(1);
    assert.equal(stage.pass().state, 'aborted');
  });
});
