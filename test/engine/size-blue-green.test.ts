import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import type { BlueGreenStrategy } from '../../src/api/blue-green-strategy.ts';
import type { RolloutStatus } from '../../src/api/rollout.ts';
import { sizeBlueGreen } from '../../src/engine/size-blue-green.ts';
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
    createdAt: now - 100 * second + revision,
    specReplicas: pods,
    statusReplicas: pods,
    availableReplicas: pods,
    scaleDownAt: undefined,
    ...more,
  };
}

function world(
  strategy: Partial<BlueGreenStrategy>,
  parts: Partial<SizingInput> & { readonly replicas?: number; readonly status?: RolloutStatus },
): SizingInput {
  const { replicas = 3, ...rest } = parts;
  return {
    spec: { replicas, strategy: { blueGreen: { activeService: 'active', ...strategy } } },
    newReplicaSet: undefined,
    stableReplicaSet: undefined,
    olderReplicaSets: [],
    weights: undefined,
    referencedHashes: new Set(),
    activeHash: 'v1',
    scalingEvent: false,
    now,
    ...rest,
    status: { currentPodHash: 'v2', stableRS: 'v1', ...rest.status },
  };
}

/** Sizes and deadlines in short: `v2=3` grows or shrinks to 3, `v1@+30` gets a deadline, `v1@-` loses it. */
function pass(input: SizingInput): readonly string[] {
  const { sizes, deadlines } = sizeBlueGreen(input);
  return [
    ...sizes.map(({ name, to, clearScaleDownAt }) => `${name.slice(4)}=${to}${clearScaleDownAt ? ' cleared' : ''}`),
    ...deadlines.map(({ name, scaleDownAt }) =>
      scaleDownAt === undefined ? `${name.slice(4)}@-` : `${name.slice(4)}@+${(scaleDownAt - now) / second}`,
    ),
  ];
}

describe('sizes of a blue/green Rollout', () => {
  it('give the first revision and a new one all their pods', () => {
    const first = world({}, { newReplicaSet: replicaSet('v1', 1, 0), activeHash: undefined, status: { stableRS: '' } });
    assert.deepEqual(pass(first), ['v1=3']);
    const update = world({}, { newReplicaSet: replicaSet('v2', 2, 0), stableReplicaSet: replicaSet('v1', 1, 3) });
    assert.deepEqual(pass(update), ['v2=3']);
  });

  it('keep the preview small until its check point is passed, unless it is promoted fully', () => {
    const preview = (status: RolloutStatus, pods = 0): readonly string[] =>
      pass(
        world(
          { previewReplicaCount: 1 },
          { newReplicaSet: replicaSet('v2', 2, pods), stableReplicaSet: replicaSet('v1', 1, 3), status },
        ),
      );
    assert.deepEqual(preview({}), ['v2=1']);
    assert.deepEqual(preview({}, 1), []);
    assert.deepEqual(preview({ blueGreen: { scaleUpPreviewCheckPoint: true } }, 1), ['v2=3']);
    assert.deepEqual(preview({ currentPodHash: 'v0', blueGreen: { scaleUpPreviewCheckPoint: true } }), ['v2=1']);
    assert.deepEqual(preview({ promoteFull: true }), ['v2=3']);
    const paused = [{ reason: 'BlueGreenPause', startTime: '2026-01-01T00:00:00Z' }];
    assert.deepEqual(preview({ blueGreen: { scaleUpPreviewCheckPoint: true }, pauseConditions: paused }, 1), []);
  });

  it('leave a revision that comes back its pods, and its deadline until it is stable', () => {
    const waiting = replicaSet('v2', 1, 3, { scaleDownAt: now + 10 * second });
    const back = world(
      { previewReplicaCount: 1 },
      { newReplicaSet: waiting, stableReplicaSet: replicaSet('v1', 2, 3) },
    );
    assert.deepEqual(pass(back), []);
    assert.deepEqual(pass(world({}, { newReplicaSet: waiting, stableReplicaSet: waiting, activeHash: 'v2' })), [
      'v2@-',
    ]);
  });

  it('keep stable complete while users are on the revision that is being judged', () => {
    const judged = (pods: number, replicas: number): SizingInput =>
      world(
        {},
        {
          replicas,
          newReplicaSet: replicaSet('v2', 2, replicas),
          stableReplicaSet: replicaSet('v1', 1, pods),
          activeHash: 'v2',
        },
      );
    assert.deepEqual(pass(judged(3, 3)), []);
    assert.deepEqual(pass(judged(3, 5)), ['v1=5']);
    assert.deepEqual(pass(judged(3, 2)), []);
  });

  it('give the former revision a deadline and take its pods when it is over', () => {
    const promoted = (scaleDownAt: number | undefined): SizingInput =>
      world(
        { scaleDownDelaySeconds: 2 },
        {
          newReplicaSet: replicaSet('v2', 2, 3),
          stableReplicaSet: replicaSet('v2', 2, 3),
          olderReplicaSets: [replicaSet('v1', 1, 3, { scaleDownAt })],
          activeHash: 'v2',
          status: { stableRS: 'v2' },
        },
      );
    assert.deepEqual(pass(promoted(undefined)), ['v1@+2']);
    assert.deepEqual(pass({ ...promoted(undefined), now: now + 1 }), ['v1@+3']);
    assert.deepEqual(pass(promoted(now + second)), []);
    assert.equal(sizeBlueGreen(promoted(now + second)).lookAgainAt, now + second);
    assert.deepEqual(pass(promoted(now)), ['v1=0 cleared']);
  });

  it('let only the newest revisions within the limit wait', () => {
    const many = world(
      { scaleDownDelayRevisionLimit: 1 },
      {
        newReplicaSet: replicaSet('v3', 3, 3),
        stableReplicaSet: replicaSet('v3', 3, 3),
        olderReplicaSets: [replicaSet('v1', 1, 3, { scaleDownAt: now + 9 * second }), replicaSet('v2', 2, 3)],
        activeHash: 'v3',
        status: { currentPodHash: 'v3', stableRS: 'v3' },
      },
    );
    assert.deepEqual(pass(many), ['v1=0 cleared', 'v2@+30']);
  });

  it('keep what a Service leads to, and everything while the analysis after the switch is open', () => {
    const older = [replicaSet('v0', 0, 3, { scaleDownAt: now - second })];
    const update = {
      newReplicaSet: replicaSet('v2', 2, 3),
      stableReplicaSet: replicaSet('v1', 1, 3),
      activeHash: 'v2',
    };
    assert.deepEqual(pass(world({}, { ...update, olderReplicaSets: older })), ['v0=0 cleared']);
    assert.deepEqual(pass(world({}, { ...update, olderReplicaSets: older, referencedHashes: new Set(['v0']) })), []);
    const judged = { postPromotionAnalysis: { templates: [{ templateName: 'check' }] } };
    assert.deepEqual(pass(world(judged, { ...update, olderReplicaSets: older })), []);
  });

  it('after an abort keep the preview until its deadline, and for ever with a delay of 0', () => {
    const aborted = (strategy: Partial<BlueGreenStrategy>, parts: Partial<SizedReplicaSet>, activeHash = 'v1') =>
      pass(
        world(strategy, {
          newReplicaSet: replicaSet('v2', 2, 3, parts),
          stableReplicaSet: replicaSet('v1', 1, 3),
          activeHash,
          status: { abort: true },
        }),
      );
    assert.deepEqual(aborted({ abortScaleDownDelaySeconds: 4 }, {}), ['v2@+4']);
    assert.deepEqual(aborted({}, { scaleDownAt: now + second }), []);
    assert.deepEqual(aborted({}, { scaleDownAt: now }), ['v2=0']);
    assert.deepEqual(aborted({}, { scaleDownAt: now }, 'v2'), [], 'users are still there');
    assert.deepEqual(aborted({ abortScaleDownDelaySeconds: 0 }, {}), []);
    assert.deepEqual(aborted({ abortScaleDownDelaySeconds: 0 }, { specReplicas: 1 }), [], 'no more pods than it has');
  });

  it('do not touch a settled Rollout that is aborted', () => {
    const only = replicaSet('v2', 2, 3);
    const settled = world(
      {},
      { newReplicaSet: only, stableReplicaSet: only, activeHash: 'v2', status: { abort: true, stableRS: 'v2' } },
    );
    assert.deepEqual(pass(settled), []);
  });

  it('never take the active revision below spec.replicas, nor a pod that is needed', () => {
    const pods = fc.record({ spec: fc.nat(6), down: fc.nat(6), wait: fc.option(fc.integer({ min: -9, max: 9 })) });
    const draw = (hash: string, revision: number) =>
      pods.map(({ spec, down, wait }) =>
        replicaSet(hash, revision, spec, {
          availableReplicas: Math.max(spec - down, 0),
          scaleDownAt: wait === null ? undefined : now + wait * second,
        }),
      );
    fc.assert(
      fc.property(
        fc.nat(6),
        fc.tuple(draw('v2', 3), draw('v1', 2), draw('v0', 1)),
        fc.constantFrom('v0', 'v1', 'v2'),
        fc.boolean(),
        fc.option(fc.nat(4), { nil: undefined }),
        (replicas, [newReplicaSet, stableReplicaSet, older], activeHash, abort, previewReplicaCount) => {
          const input = world(
            { previewReplicaCount, maxUnavailable: 1 },
            { replicas, newReplicaSet, stableReplicaSet, olderReplicaSets: [older], activeHash, status: { abort } },
          );
          const { sizes } = sizeBlueGreen(input);
          const all = [newReplicaSet, stableReplicaSet, older];
          const to = ({ name, specReplicas }: SizedReplicaSet) =>
            sizes.find((size) => size.name === name)?.to ?? specReplicas;
          const active = all.find(({ hash }) => hash === activeHash);
          assert.ok(active !== undefined && to(active) >= Math.min(active.specReplicas, replicas));
          const before = all.reduce((total, { availableReplicas }) => total + availableReplicas, 0);
          const after = all.reduce((total, set) => total + Math.min(set.availableReplicas, to(set)), 0);
          assert.ok(after >= Math.min(before, replicas - Math.min(1, replicas)));
        },
      ),
      { numRuns: 2000 },
    );
  });
});
