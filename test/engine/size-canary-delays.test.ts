import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { CanaryStrategy } from '../../src/api/canary-strategy.ts';
import type { RolloutStatus } from '../../src/api/rollout.ts';
import { sizeCanary } from '../../src/engine/size-canary.ts';
import type { SizedReplicaSet, SizingInput } from '../../src/engine/sizing.ts';

const now = 1_700_000_000_000;
const second = 1000;

function replicaSet(
  hash: string,
  revision: number,
  pods: number,
  more: Partial<SizedReplicaSet> = {},
): SizedReplicaSet {
  return {
    name: `web-${hash}`,
    hash,
    revision,
    createdAt: now + revision,
    specReplicas: pods,
    statusReplicas: pods,
    availableReplicas: pods,
    scaleDownAt: undefined,
    ...more,
  };
}

/** Revision 3 on its way, 2 stable, 1 older, four pods, half of the traffic. */
function world(
  canary: Partial<CanaryStrategy>,
  parts: Partial<SizingInput> & { readonly status?: RolloutStatus; readonly paused?: boolean } = {},
): SizingInput {
  const { paused = false, ...rest } = parts;
  return {
    spec: { replicas: 4, paused, strategy: { canary: { steps: [{ setWeight: 50 }], ...canary } } },
    newReplicaSet: replicaSet('v3', 3, 2),
    stableReplicaSet: replicaSet('v2', 2, 4),
    olderReplicaSets: [],
    weights: { canary: 0, stable: 100 },
    referencedHashes: new Set(),
    activeHash: undefined,
    scalingEvent: false,
    now,
    ...rest,
    status: { currentPodHash: 'v3', stableRS: 'v2', currentStepIndex: 0, ...rest.status },
  };
}

const routed = { trafficRouting: { smi: {} } };

function pass(input: SizingInput): readonly string[] {
  const { sizes, deadlines } = sizeCanary(input);
  return [
    ...sizes.map(({ name, to, clearScaleDownAt }) => `${name.slice(4)}=${to}${clearScaleDownAt ? ' cleared' : ''}`),
    ...deadlines.map(({ name, scaleDownAt }) =>
      scaleDownAt === undefined ? `${name.slice(4)}@-` : `${name.slice(4)}@+${(scaleDownAt - now) / second}`,
    ),
  ];
}

describe('older revisions of a routed canary', () => {
  const older = (more: Partial<SizedReplicaSet> = {}): Partial<SizingInput> => ({
    olderReplicaSets: [replicaSet('v1', 1, 3, more)],
  });

  it('wait for their delay, also those that were replaced in mid-update', () => {
    assert.deepEqual(pass(world(routed, older())), ['v1@+30']);
    assert.deepEqual(pass(world({ ...routed, scaleDownDelaySeconds: 5 }, older())), ['v1@+5']);
    assert.deepEqual(pass(world(routed, older({ scaleDownAt: now + 1 }))), []);
    assert.deepEqual(pass(world(routed, older({ scaleDownAt: now }))), ['v1=0 cleared']);
    assert.equal(sizeCanary(world(routed, older({ scaleDownAt: now + 1 }))).lookAgainAt, now + 1);
  });

  it('replaced in mid-update go at once where there is no delay', () => {
    assert.deepEqual(pass(world({ ...routed, scaleDownDelaySeconds: 0 }, older())), ['v1=0']);
    assert.deepEqual(pass(world({ ...routed, dynamicStableScale: true }, older())), ['v1=0']);
  });

  it('keep every pod while something leads to them', () => {
    const referenced = { referencedHashes: new Set(['v1']) };
    assert.deepEqual(pass(world(routed, { ...older({ scaleDownAt: now }), ...referenced })), []);
    assert.deepEqual(pass(world(routed, { ...older({ availableReplicas: 1 }), ...referenced })), []);
    assert.deepEqual(pass(world(routed, older({ availableReplicas: 1 }))), ['v1=1', 'v1@+30']);
  });

  it('keep pods that do not answer while their delay goes on, for a restart may have let them go', () => {
    assert.deepEqual(pass(world(routed, older({ availableReplicas: 1, scaleDownAt: now + 10 * second }))), []);
    assert.deepEqual(pass(world(routed, older({ availableReplicas: 1, scaleDownAt: now }))), ['v1=0 cleared']);
  });

  it('keep the pods that stable lacks', () => {
    const stableReplicaSet = replicaSet('v2', 2, 4, { availableReplicas: 0 });
    const over = older({ scaleDownAt: now, specReplicas: 2, availableReplicas: 2 });
    assert.deepEqual(pass(world(routed, { ...over, stableReplicaSet })), ['v1=1']);
  });

  it('stay whole while no other revision could carry everybody', () => {
    const over = older({ scaleDownAt: now });
    assert.deepEqual(pass(world(routed, { ...over, stableReplicaSet: replicaSet('v2', 2, 4) })), ['v1=0 cleared']);
    const stableReplicaSet = replicaSet('v2', 2, 4, { availableReplicas: 2 });
    assert.deepEqual(pass(world(routed, { ...over, stableReplicaSet })), []);
    assert.deepEqual(pass(world({ ...routed, maxUnavailable: 2 }, { ...over, stableReplicaSet })), ['v1=0 cleared']);
  });
});

describe('the canary of a routed Rollout after an abort', () => {
  const aborted = (more: Partial<SizedReplicaSet>, canary = {}, parts: Partial<SizingInput> = {}): readonly string[] =>
    pass(
      world(
        { ...routed, ...canary },
        { newReplicaSet: replicaSet('v3', 3, 2, more), status: { abort: true }, ...parts },
      ),
    );

  it('keeps its pods until a deadline that starts when stable is complete', () => {
    assert.deepEqual(aborted({}), ['v3@+30']);
    assert.deepEqual(aborted({}, {}, { stableReplicaSet: replicaSet('v2', 2, 4, { availableReplicas: 3 }) }), []);
    assert.deepEqual(aborted({ scaleDownAt: now + 3600 * second }), [], 'however far the deadline is');
    assert.deepEqual(aborted({ scaleDownAt: now }), ['v3=0']);
  });

  it('keeps its pods while it has traffic', () => {
    assert.deepEqual(aborted({ scaleDownAt: now }, {}, { weights: { canary: 20, stable: 80 } }), []);
  });

  it('loses its pods at once with an explicit delay of 0, unless a step fixes its scale', () => {
    assert.deepEqual(aborted({}, { abortScaleDownDelaySeconds: 0 }), ['v3=0']);
    const fixed = { abortScaleDownDelaySeconds: 0, steps: [{ setCanaryScale: { replicas: 2 } }] };
    assert.deepEqual(aborted({}, fixed), []);
  });
});

describe('a canary that is held', () => {
  const growing = { newReplicaSet: replicaSet('v3', 3, 0), stableReplicaSet: replicaSet('v2', 2, 4) };

  it('is not resized while a person or an inconclusive analysis holds it', () => {
    assert.deepEqual(pass(world({}, growing)), ['v3=1']);
    assert.deepEqual(pass(world({}, { ...growing, paused: true })), []);
    const pauseConditions = [{ reason: 'InconclusiveAnalysisRun', startTime: '2026-01-01T00:00:00Z' }];
    assert.deepEqual(pass(world({}, { ...growing, status: { pauseConditions } })), []);
  });

  it('follows spec.replicas, and an abort, all the same', () => {
    assert.deepEqual(pass(world({}, { ...growing, paused: true, scalingEvent: true })), ['v3=1']);
    const abort = { newReplicaSet: replicaSet('v3', 3, 2), stableReplicaSet: replicaSet('v2', 2, 2) };
    assert.deepEqual(pass(world({}, { ...abort, paused: true, status: { abort: true } })), ['v2=3']);
  });
});

describe('a revision that comes back', () => {
  it('loses the deadline of its scale-down', () => {
    const back = replicaSet('v3', 1, 2, { scaleDownAt: now + 10 * second });
    assert.deepEqual(pass(world(routed, { newReplicaSet: back })), ['v3@-']);
    assert.deepEqual(pass(world(routed, { newReplicaSet: { ...back, specReplicas: 1 } })), ['v3=2 cleared']);
  });
});
