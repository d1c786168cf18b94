import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatInstant } from '../../../../src/base/instant.ts';
import { rankPodsForDeletion } from '../../../../src/cluster/embedded/workloads/rank-pods.ts';
import type { Pod, PodPhase } from '../../../../src/cluster/embedded/workloads/shapes.ts';

const nowMs = Date.parse('2026-06-01T12:00:00Z');

interface Traits {
  readonly node?: string;
  readonly phase?: PodPhase;
  readonly readyForMs?: number;
  readonly cost?: string;
  readonly restarts?: number;
  readonly ageMs?: number;
}

function pod(name: string, traits: Traits): Pod {
  const { node = 'local', phase = 'Running', readyForMs, cost, restarts = 0, ageMs = 3_600_000 } = traits;
  const since = formatInstant(nowMs - (readyForMs ?? 0));
  const ready = { type: 'Ready', status: readyForMs === undefined ? 'False' : 'True', lastTransitionTime: since };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: name,
      creationTimestamp: formatInstant(nowMs - ageMs),
      ...(cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
    },
    spec: { nodeName: node },
    status: {
      phase,
      conditions: [ready],
      containerStatuses: [
        { name: 'main', image: '', imageID: '', ready: true, started: true, restartCount: restarts, state: {} },
      ],
    },
  };
}

test('pods are given up in the order of Kubernetes', () => {
  const hour = 3_600_000;
  const expected = [
    pod('unbound', { node: '', phase: 'Pending', cost: '9' }),
    pod('pending', { phase: 'Pending' }),
    pod('unknown', { phase: 'Unknown' }),
    pod('unready', { cost: '9' }),
    pod('cheap', { readyForMs: hour, cost: '-1' }),
    pod('just-ready', { readyForMs: 2000 }),
    pod('restarted', { readyForMs: 40_000, restarts: 3 }),
    pod('young', { readyForMs: 40_000, ageMs: 60_000 }),
    pod('old', { readyForMs: 40_000, ageMs: 24 * hour }),
    pod('long-ready', { readyForMs: 10 * hour, cost: 'nonsense' }),
    pod('dear', { readyForMs: hour, cost: '5' }),
  ];
  const ranked = rankPodsForDeletion(expected.toReversed(), nowMs);
  assert.deepEqual(
    ranked.map(({ metadata }) => metadata.name),
    expected.map(({ metadata }) => metadata.name),
  );
});

test('ages of the same order of magnitude are told apart by uid only', () => {
  const ranked = rankPodsForDeletion(
    [pod('b', { readyForMs: 70_000, restarts: 9 }), pod('a', { readyForMs: 90_000 })],
    nowMs,
  );
  assert.deepEqual(
    ranked.map(({ metadata }) => metadata.name),
    ['a', 'b'],
  );
});
