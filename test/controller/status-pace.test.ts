import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mergeDiff } from '../../src/api/merge-diff.ts';
import type { RolloutStatus } from '../../src/api/rollout.ts';
import { StatusPace } from '../../src/controller/status-pace.ts';
import type { Decision, Effect, Notice } from '../../src/engine/decision.ts';

const times = { lastUpdateTime: '2026-01-01T00:00:00Z', lastTransitionTime: '2026-01-01T00:00:00Z' };
const before: RolloutStatus = {
  phase: 'Progressing',
  replicas: 1,
  conditions: [{ type: 'Available', status: 'False', reason: 'No', message: '0 of 2', ...times }],
};

interface Case {
  readonly status: RolloutStatus;
  readonly uid?: string;
  readonly atMs?: number;
  readonly lookAgainAt?: number;
  readonly effects?: readonly Effect[];
  readonly events?: readonly Notice[];
}

function delay(
  pace: StatusPace,
  { status, uid = 'a', atMs = 0, lookAgainAt, effects = [], events = [] }: Case,
): number {
  const next = { ...before, ...status };
  const decision: Decision = {
    reason: { code: 'Waiting', message: 'x' },
    state: 'canary',
    effects,
    status: next,
    events,
    ...(lookAgainAt === undefined ? {} : { lookAgainAt }),
  };
  const view = { uid, status: before };
  return pace.delayMs(view, mergeDiff(before, next), decision, { now: 5000 + atMs, monotonic: atMs });
}

test('a mere count waits for others, a second at most', () => {
  const pace = new StatusPace(1000);
  assert.equal(delay(pace, { status: { replicas: 2 } }), 1000);
  assert.equal(delay(pace, { status: { replicas: 3, updatedReplicas: 1 }, atMs: 400 }), 600);
  assert.equal(delay(pace, { status: { replicas: 3 }, atMs: 1000 }), 0);
  assert.equal(delay(pace, { status: { replicas: 4 }, atMs: 1100 }), 1000);
});

test('other words of a condition wait too, another verdict does not', () => {
  const pace = new StatusPace(1000);
  const condition = { type: 'Available', status: 'False', reason: 'No', message: '1 of 2', ...times };
  assert.equal(delay(pace, { status: { conditions: [condition] } }), 1000);
  assert.equal(delay(pace, { status: { conditions: [{ ...condition, status: 'True' }] } }), 0);
  const added = [...(before.conditions ?? []), { type: 'Paused', status: 'True', reason: '', message: '', ...times }];
  assert.equal(delay(pace, { status: { conditions: added } }), 0);
});

test('what moves the Rollout or is told by an Event is written at once', () => {
  const pace = new StatusPace(1000);
  assert.equal(delay(pace, { status: { replicas: 2, currentStepIndex: 1 } }), 0);
  assert.equal(delay(pace, { status: { phase: 'Healthy' } }), 0);
  assert.equal(
    delay(pace, { status: { replicas: 2 }, events: [{ type: 'Normal', reason: 'RolloutResumed', message: '' }] }),
    0,
  );
  assert.equal(delay(pace, { status: {} }), 0);
});

test('a count waits although something is done that an Event tells of', () => {
  const pace = new StatusPace(1000);
  const follows = { kind: 'scaleReplicaSet', phase: 'grow', name: 'web-a', from: 1, to: 2 } as const;
  const effect = { ...follows, desiredReplicas: 2, clearScaleDownAt: false };
  const scaled = { type: 'Normal', reason: 'ScalingReplicaSet', message: '', follows: effect } as const;
  assert.equal(delay(pace, { status: { replicas: 2 }, effects: [effect], events: [scaled] }), 1000);
  const paused = { type: 'Normal', reason: 'RolloutPaused', message: '' } as const;
  assert.equal(delay(pace, { status: { replicas: 2 }, effects: [effect], events: [scaled, paused] }), 0);
});

test('it waits no longer than until the next time that matters', () => {
  const pace = new StatusPace(1000);
  assert.equal(delay(pace, { status: { replicas: 2 }, lookAgainAt: 5300 }), 300);
  assert.equal(delay(pace, { status: { replicas: 2 }, lookAgainAt: 5300, atMs: 300 }), 0);
});

test('a write that is no longer needed does not shorten the next wait', () => {
  const pace = new StatusPace(1000);
  assert.equal(delay(pace, { status: { replicas: 2 } }), 1000);
  assert.equal(delay(pace, { status: {}, atMs: 500 }), 0);
  assert.equal(delay(pace, { status: { replicas: 2 }, atMs: 900 }), 1000);
});

test('the more counts wait, the longer each does, up to a bound', () => {
  const pace = new StatusPace(1000);
  const delays = Array.from({ length: 1000 }, (_, index) => delay(pace, { uid: `${index}`, status: { replicas: 2 } }));
  assert.deepEqual([delays[0], delays[1], delays[50], delays[999]], [1000, 1100, 6000, 10_000]);
  assert.equal(delay(pace, { uid: '0', status: { replicas: 3 }, atMs: 1000 }), 0);
  assert.equal(delay(pace, { uid: '999', status: { replicas: 3 }, atMs: 9000 }), 1000);
  const hasty = new StatusPace(0);
  assert.equal(delay(hasty, { status: { replicas: 2 } }), 0);
});
