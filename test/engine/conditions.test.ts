import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

import type { Condition } from '../../src/api/rollout-status.ts';
import type { RolloutSpec, RolloutStatus } from '../../src/api/rollout.ts';
import { formatInstant } from '../../src/base/instant.ts';
import { nextConditions, type ConditionFacts } from '../../src/engine/conditions.ts';

interface RecordedPass {
  readonly t: number;
  readonly status: RolloutStatus;
  readonly generation?: number;
  readonly revision?: number;
  readonly spec?: RolloutSpec;
  readonly created?: readonly string[];
  readonly problem?: string;
  readonly abortCause?: string;
  readonly settledConditions?: readonly Pick<Condition, 'type' | 'status' | 'reason' | 'message'>[];
}

const { lives } = JSON.parse(readFileSync(new URL('../golden/recorded-conditions.json', import.meta.url), 'utf8')) as {
  readonly lives: readonly { readonly name: string; readonly passes: readonly RecordedPass[] }[];
};

const start = 1_700_000_000_000;

const complete: RolloutStatus = {
  observedGeneration: '1',
  currentPodHash: 'v1',
  stableRS: 'v1',
  replicas: 2,
  updatedReplicas: 2,
  readyReplicas: 2,
  availableReplicas: 2,
};

function factsOf(more: Partial<ConditionFacts>): ConditionFacts {
  return {
    name: 'web',
    generation: 1,
    spec: { replicas: 2, strategy: { canary: {} } },
    previous: {},
    next: complete,
    problem: undefined,
    replicaSetName: 'web-v1',
    replicaSetCreated: false,
    replicaSetError: undefined,
    revision: 2,
    abortCause: undefined,
    deadlineExceeded: false,
    replicaFailure: undefined,
    ...more,
  };
}

/** An update in flight whose last pass left this Progressing condition. */
function inFlight(reason: string, status = 'True', more: Partial<RolloutStatus> = {}): RolloutStatus {
  const time = formatInstant(start);
  const message = 'before';
  return {
    ...complete,
    currentPodHash: 'v2',
    updatedReplicas: 1,
    availableReplicas: 2,
    ...more,
    conditions: [
      { type: 'Progressing', status, reason, message, lastUpdateTime: time, lastTransitionTime: time },
      ...(more.conditions ?? []),
    ],
  };
}

function find(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** Progressing after a pass over an update in flight, as `status reason: message`. */
function progressing(more: Partial<ConditionFacts>, now = start + 60_000): string {
  const condition = find(nextConditions(factsOf(more), now), 'Progressing');
  return `${condition?.status} ${condition?.reason}: ${condition?.message}`;
}

describe('conditions in recorded lives', () => {
  for (const { name, passes } of lives) {
    it(`come to rest as recorded: ${name}`, () => {
      let known = { generation: 1, revision: 0, spec: {} as RolloutSpec };
      let previous: RolloutStatus = {};
      for (const { t, status, created = [], problem, abortCause, settledConditions, ...changed } of passes) {
        known = {
          generation: changed.generation ?? known.generation,
          revision: changed.revision ?? known.revision,
          spec: changed.spec ?? known.spec,
        };
        const hash = status.currentPodHash;
        const replicaSetName = hash === undefined ? created[0] : `web-${hash}`;
        const facts = factsOf({
          ...known,
          previous,
          next: status,
          problem,
          replicaSetName,
          replicaSetCreated: replicaSetName !== undefined && created.includes(replicaSetName),
          abortCause,
        });
        const conditions = nextConditions(facts, start + t * 1000);
        previous = { ...status, conditions };
        if (settledConditions === undefined) continue;
        const byType = (list: readonly Pick<Condition, 'type'>[]): unknown =>
          list.toSorted((left, right) => left.type.localeCompare(right.type));
        const untimed = conditions.map(({ lastUpdateTime: _update, lastTransitionTime: _transition, ...rest }) => rest);
        assert.deepEqual(byType(untimed), byType(settledConditions), `${t} s`);
      }
    });
  }
});

describe('conditions', () => {
  it('stay the same list when nothing happened', () => {
    const conditions = nextConditions(factsOf({}), start);
    const again = nextConditions(factsOf({ previous: { ...complete, conditions } }), start + 5000);
    assert.equal(again, conditions);
  });

  it('change their transition time only with their status', () => {
    const first = nextConditions(factsOf({ previous: inFlight('NewReplicaSetCreated'), next: inFlight('') }), start);
    const later = start + 7000;
    const next = { ...inFlight(''), updatedReplicas: 2 };
    const progressed = find(
      nextConditions(factsOf({ previous: { ...inFlight(''), conditions: first }, next }), later),
      'Progressing',
    );
    assert.equal(progressed?.lastTransitionTime, formatInstant(start));
    assert.equal(progressed?.lastUpdateTime, formatInstant(later));
  });

  it('add an invalid specification to what is there, and take it away when it is mended', () => {
    const before = nextConditions(factsOf({}), start);
    const previous = { ...complete, conditions: before };
    const invalid = nextConditions(factsOf({ previous, problem: 'spec.replicas: no' }), start);
    assert.equal(find(invalid, 'InvalidSpec')?.message, 'The Rollout "web" is invalid: spec.replicas: no');
    assert.deepEqual(
      invalid.filter(({ type }) => type !== 'InvalidSpec'),
      before,
    );
    const other = nextConditions(
      factsOf({ previous: { ...complete, conditions: invalid }, problem: 'spec.paused: no' }),
      start,
    );
    assert.equal(find(other, 'InvalidSpec')?.message, 'The Rollout "web" is invalid: spec.paused: no');
    const mended = nextConditions(factsOf({ previous: { ...complete, conditions: other } }), start);
    assert.equal(find(mended, 'InvalidSpec'), undefined);
  });

  it('say why an update is aborted, keep saying it, and say that it is tried again', () => {
    const next = { ...inFlight(''), abort: true };
    const previous = inFlight('ReplicaSetUpdated');
    assert.equal(
      progressing({ previous, next, abortCause: 'because' }),
      'False RolloutAborted: Rollout aborted update to revision 2: because',
    );
    const aborted = { ...inFlight('RolloutAborted', 'False'), abort: true };
    assert.equal(progressing({ previous: aborted, next }), 'False RolloutAborted: before');
    assert.equal(
      progressing({ previous: aborted, next: inFlight('') }),
      'Unknown RolloutRetry: Retrying Rollout after abort',
    );
    const superseded = { ...inFlight(''), currentPodHash: 'v3' };
    assert.equal(
      progressing({ previous: aborted, next: superseded, replicaSetName: 'web-v3', replicaSetCreated: true }),
      'True NewReplicaSetCreated: Created new replica set "web-v3"',
    );
  });

  it('leave a settled Rollout that is aborted as it is', () => {
    const conditions = nextConditions(factsOf({}), start);
    const aborted = factsOf({ previous: { ...complete, conditions }, next: { ...complete, abort: true } });
    assert.equal(nextConditions(aborted, start + 1000), conditions);
  });

  it('never call a paused update late, and start its deadline anew when it goes on', () => {
    const pauseConditions = [{ reason: 'CanaryPauseStep', startTime: formatInstant(start) }];
    const paused = inFlight('RolloutPaused', 'Unknown', { pauseConditions });
    assert.equal(
      progressing({ previous: paused, next: paused, deadlineExceeded: true }),
      'Unknown RolloutPaused: Rollout is paused',
    );
    const bySpec = { replicas: 2, paused: true, strategy: { canary: {} } };
    assert.equal(
      progressing({
        spec: bySpec,
        previous: inFlight('ReplicaSetUpdated'),
        next: inFlight(''),
        deadlineExceeded: true,
      }),
      'Unknown RolloutPaused: Rollout is paused',
    );
    const resumed = nextConditions(
      factsOf({ previous: paused, next: inFlight(''), deadlineExceeded: true }),
      start + 60_000,
    );
    assert.equal(find(resumed, 'Progressing')?.reason, 'RolloutResumed');
    assert.equal(find(resumed, 'Progressing')?.lastUpdateTime, formatInstant(start + 60_000));
    assert.equal(
      progressing({ previous: paused, next: { ...inFlight(''), currentStepIndex: 2 } }),
      'True ReplicaSetUpdated: ReplicaSet "web-v1" is progressing.',
    );
  });

  it('call an update late that makes no progress, every time', () => {
    const previous = inFlight('ReplicaSetUpdated');
    const late = { previous, next: inFlight(''), deadlineExceeded: true };
    assert.equal(progressing(late), 'False ProgressDeadlineExceeded: ReplicaSet "web-v1" has timed out progressing.');
    const exceeded = inFlight('ProgressDeadlineExceeded', 'False');
    assert.match(
      progressing({ previous: exceeded, next: { ...inFlight(''), readyReplicas: 9 } }),
      /^True ReplicaSetUpdated/,
    );
    assert.match(progressing({ ...late, replicaSetName: 'web-v3' }), /^False ProgressDeadlineExceeded.*"web-v3"/);
  });

  it('tell a loss of pods at rest from an update', () => {
    const conditions = nextConditions(factsOf({}), start);
    const lost = { ...complete, readyReplicas: 1, availableReplicas: 1 };
    const after = nextConditions(factsOf({ previous: { ...complete, conditions }, next: lost }), start);
    assert.equal(find(after, 'Progressing')?.reason, 'ReplicaSetNotAvailable');
    assert.equal(find(after, 'Available')?.status, 'False');
    assert.equal(find(after, 'Healthy')?.status, 'False');
    assert.equal(find(after, 'Completed')?.status, 'True');
  });

  it('carry the failure of a ReplicaSet as long as there is one', () => {
    const replicaFailure = { reason: 'FailedCreate', message: 'quota' };
    const failed = nextConditions(factsOf({ replicaFailure }), start);
    assert.deepEqual(
      [find(failed, 'ReplicaFailure')?.reason, find(failed, 'ReplicaFailure')?.message],
      ['FailedCreate', 'quota'],
    );
    const cured = nextConditions(factsOf({ previous: { ...complete, conditions: failed } }), start);
    assert.equal(find(cured, 'ReplicaFailure'), undefined);
    assert.equal(
      progressing({ previous: inFlight('ReplicaSetUpdated'), next: inFlight(''), replicaSetError: 'refused' }),
      'False ReplicaSetCreateError: refused',
    );
  });

  it('know a ReplicaSet that was there before the first look', () => {
    assert.equal(
      progressing({ previous: {}, next: { ...inFlight(''), conditions: [] }, replicaSetName: 'web-v2' }),
      'True FoundNewReplicaSet: Found new replica set "web-v2"',
    );
  });

  it('call nothing healthy whose generation was not observed', () => {
    assert.equal(find(nextConditions(factsOf({ generation: 2 }), start), 'Healthy'), undefined);
    assert.equal(find(nextConditions(factsOf({}), start), 'Healthy')?.status, 'True');
  });
});
