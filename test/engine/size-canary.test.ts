import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import { formatInstant } from '../../src/base/instant.ts';
import { splitByWeight } from '../../src/engine/basic-counts.ts';
import { atDesiredCounts, canaryCounts } from '../../src/engine/canary-counts.ts';
import { canaryWeight, weightMaxOf } from '../../src/engine/canary-weight.ts';
import { resolveFenceposts } from '../../src/engine/fenceposts.ts';
import { isPatienceOver } from '../../src/engine/patience.ts';
import { sizeCanary } from '../../src/engine/size-canary.ts';
import type { SizedReplicaSet, Sizing, SizingInput } from '../../src/engine/sizing.ts';
import { readGolden } from '../golden/read-golden.ts';
import {
  allReplicaSets,
  makeAvailable,
  mapReplicaSets,
  toSizingInput,
  type CanaryReplicasInput,
  type CanaryReplicasOutput,
} from '../golden/run-canary-replicas.ts';

const second = 1000;
const hour = 3600 * second;

/** The world after the sizes and deadlines of a pass were written. */
function applySizing(input: SizingInput, { sizes, deadlines }: Sizing): SizingInput {
  return mapReplicaSets(input, (replicaSet) => {
    const size = sizes.find(({ name }) => name === replicaSet.name);
    const deadline = deadlines.find(({ name }) => name === replicaSet.name);
    const kept = size?.clearScaleDownAt === true ? undefined : replicaSet.scaleDownAt;
    return {
      ...replicaSet,
      specReplicas: size?.to ?? replicaSet.specReplicas,
      scaleDownAt: deadline === undefined ? kept : deadline.scaleDownAt,
    };
  });
}

/** Passes until nothing changes, with all pods available and time going on; undefined when it does not end. */
function settle(start: SizingInput, passesMax = 120): SizingInput | undefined {
  let input = makeAvailable(start);
  for (let pass = 0; pass < passesMax; pass += 1) {
    const sizing = sizeCanary(input);
    const next = { ...makeAvailable(applySizing(input, sizing)), now: input.now + hour };
    if (!sizing.scaled && sizing.deadlines.length === 0 && sizing.lookAgainAt === undefined) return input;
    input = next;
  }
  return undefined;
}

function sum(input: SizingInput, count: (replicaSet: SizedReplicaSet) => number): number {
  return allReplicaSets(input).reduce((total, replicaSet) => total + count(replicaSet), 0);
}

const lasting = ({ availableReplicas, specReplicas }: SizedReplicaSet): number =>
  Math.min(availableReplicas, specReplicas);

const podsOrPercent = fc.oneof(
  fc.integer({ min: 0, max: 6 }),
  fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%`),
);

const replicaSetOf = (name: string, revision: number): fc.Arbitrary<SizedReplicaSet> =>
  fc
    .record({
      specReplicas: fc.integer({ min: 0, max: 14 }),
      unavailable: fc.integer({ min: -1, max: 14 }),
      scaleDownIn: fc.option(fc.integer({ min: -60, max: 60 }), { nil: undefined, freq: 3 }),
    })
    .map(({ specReplicas, unavailable, scaleDownIn }) => ({
      name: `web-${name}`,
      hash: name,
      revision,
      createdAt: revision * second,
      specReplicas,
      statusReplicas: specReplicas,
      availableReplicas: Math.max(specReplicas - unavailable, 0),
      scaleDownAt: scaleDownIn === undefined ? undefined : hour + scaleDownIn * second,
    }));

interface Shape {
  readonly routed: boolean;
}

/** Any world a controller may come upon, also those it would never have made itself. */
const worldOf = ({ routed }: Shape): fc.Arbitrary<SizingInput> =>
  fc
    .record({
      replicas: fc.integer({ min: 0, max: 12 }),
      maxSurge: podsOrPercent,
      maxUnavailable: podsOrPercent,
      weights: fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 0, maxLength: 4 }),
      currentStepIndex: fc.integer({ min: 0, max: 4 }),
      canaryRead: fc.integer({ min: 0, max: 100 }),
      dynamicStableScale: fc.boolean(),
      minPodsPerReplicaSet: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      abortDelay: fc.option(fc.constantFrom(0, 30), { nil: undefined }),
      waited: fc.boolean(),
      progress: fc.constantFrom('update', 'update', 'update', 'abort', 'promoteFull', 'settled', 'first'),
      newReplicaSet: replicaSetOf('new', 9),
      stableReplicaSet: replicaSetOf('stable', 8),
      older: fc.tuple(replicaSetOf('a', 1), replicaSetOf('b', 2), replicaSetOf('c', 3)),
      olderCount: fc.integer({ min: 0, max: 3 }),
      referenced: fc.subarray(['a', 'b']),
    })
    .map((draw) => ({
      spec: {
        replicas: draw.replicas,
        strategy: {
          canary: {
            maxSurge: draw.maxSurge,
            maxUnavailable: draw.maxUnavailable,
            steps: draw.weights.map((setWeight) => ({ setWeight })),
            dynamicStableScale: draw.dynamicStableScale,
            minPodsPerReplicaSet: draw.minPodsPerReplicaSet,
            abortScaleDownDelaySeconds: draw.abortDelay,
            ...(routed ? { trafficRouting: { smi: {} } } : {}),
          },
        },
      },
      status: {
        currentPodHash: 'new',
        stableRS: draw.progress === 'settled' ? 'new' : draw.progress === 'first' ? '' : 'stable',
        currentStepIndex: draw.currentStepIndex,
        abort: draw.progress === 'abort',
        promoteFull: draw.progress === 'promoteFull',
        ...(draw.waited ? { duration: { rolloutStartedAt: formatInstant(hour - 120_000) } } : {}),
      },
      newReplicaSet: draw.newReplicaSet,
      stableReplicaSet:
        draw.progress === 'settled'
          ? draw.newReplicaSet
          : draw.progress === 'first'
            ? undefined
            : draw.stableReplicaSet,
      olderReplicaSets: draw.older.slice(0, draw.olderCount),
      weights: routed ? { canary: draw.canaryRead, stable: 100 - draw.canaryRead } : undefined,
      referencedHashes: new Set(routed ? draw.referenced : []),
      activeHash: undefined,
      scalingEvent: false,
      now: hour,
    }));

const anyWorld = fc.oneof(worldOf({ routed: false }), worldOf({ routed: true }));
const runs = { numRuns: 1500 };

describe('one pass over the sizes of a canary', () => {
  it('never asks for a negative or broken count', () => {
    fc.assert(
      fc.property(anyWorld, (world) => {
        const counts = canaryCounts(world);
        const asked = [counts.new, counts.stable, ...sizeCanary(world).sizes.map(({ to }) => to)];
        assert.ok(asked.every((count) => Number.isSafeInteger(count) && count >= 0));
      }),
      runs,
    );
  });

  it('either grows or shrinks, and says which', () => {
    fc.assert(
      fc.property(anyWorld, (world) => {
        const { sizes, scaled } = sizeCanary(world);
        assert.equal(new Set(sizes.map(({ phase }) => phase)).size, scaled ? 1 : 0);
        assert.ok(sizes.every(({ phase, from, to }) => (phase === 'grow' ? to > from : to < from)));
      }),
      runs,
    );
  });

  it('without a router never makes more pods than maxSurge allows', () => {
    fc.assert(
      fc.property(worldOf({ routed: false }), (world) => {
        const after = sum(applySizing(world, sizeCanary(world)), ({ specReplicas }) => specReplicas);
        const before = sum(world, ({ specReplicas }) => specReplicas);
        const allowed = (world.spec.replicas ?? 1) + resolveFenceposts(world.spec).maxSurge;
        assert.ok(after <= Math.max(before, allowed), `${before} -> ${after}, allowed ${allowed}`);
      }),
      runs,
    );
  });

  it('never takes an available pod that maxUnavailable requires', () => {
    fc.assert(
      fc.property(anyWorld, (world) => {
        const required = (world.spec.replicas ?? 1) - resolveFenceposts(world.spec).maxUnavailable;
        const before = sum(world, lasting);
        const after = sum(applySizing(world, sizeCanary(world)), lasting);
        assert.ok(after >= Math.min(before, required), `${before} -> ${after}, required ${required}`);
      }),
      runs,
    );
  });

  it('never takes a pod from stable after an abort, down to spec.replicas', () => {
    fc.assert(
      fc.property(anyWorld, (world) => {
        fc.pre(world.status.abort === true && world.stableReplicaSet !== undefined);
        const change = sizeCanary(world).sizes.find(({ name }) => name === 'web-stable');
        assert.ok(change === undefined || change.to >= Math.min(change.from, world.spec.replicas ?? 1));
      }),
      runs,
    );
  });

  it('never takes the last stable pod while no canary pod can answer, if there is room for two', () => {
    fc.assert(
      fc.property(worldOf({ routed: false }), ({ newReplicaSet, ...rest }) => {
        fc.pre(newReplicaSet !== undefined && rest.stableReplicaSet?.name === 'web-stable');
        const replicas = rest.spec.replicas ?? 1;
        fc.pre(replicas > 0 && replicas + resolveFenceposts(rest.spec).maxSurge > 1);
        const world = { ...rest, newReplicaSet: { ...newReplicaSet, availableReplicas: 0 } };
        const change = sizeCanary(world).sizes.find(({ name }) => name === 'web-stable');
        // One that has not answered for long may have to make room for a pod of the new revision.
        const mayGo = rest.stableReplicaSet.availableReplicas === 0 && isPatienceOver(world);
        assert.ok(mayGo || change?.to !== 0);
      }),
      runs,
    );
  });

  it('keeps older revisions that something leads to, or whose deadline is not over', () => {
    fc.assert(
      fc.property(worldOf({ routed: true }), (world) => {
        const shrunk = sizeCanary(world).sizes.filter(({ phase }) => phase === 'shrink');
        for (const older of world.olderReplicaSets.filter(({ name }) => shrunk.some((size) => size.name === name))) {
          assert.ok(!world.referencedHashes.has(older.hash));
          const waits = older.scaleDownAt !== undefined && older.scaleDownAt > world.now;
          const to = shrunk.find(({ name }) => name === older.name)?.to ?? 0;
          const immediate = world.spec.strategy?.canary?.dynamicStableScale === true;
          assert.ok(!waits || immediate || to === older.availableReplicas);
        }
      }),
      runs,
    );
  });
});

describe('repeated passes over the sizes of a canary', () => {
  it('end in a world that satisfies the step', () => {
    fc.assert(
      fc.property(anyWorld, (start) => {
        const canary = canaryWeight(start);
        // Traffic has arrived where the step wants it; until then the canary keeps the pods for what it still has.
        const weights = start.weights === undefined ? undefined : { canary, stable: weightMaxOf(start) - canary };
        const world = { ...start, weights, referencedHashes: new Set<string>() };
        const settled = settle(world);
        assert.ok(settled !== undefined, 'does not settle');
        fc.pre(settled.stableReplicaSet?.name === 'web-stable' && settled.status.abort !== true);
        assert.ok(atDesiredCounts(settled));
      }),
      { numRuns: 600 },
    );
  });

  it('without a router reach the split that comes nearest to the weight', () => {
    fc.assert(
      fc.property(worldOf({ routed: false }), (world) => {
        fc.pre(world.stableReplicaSet?.name === 'web-stable');
        const settled = settle(world);
        const { maxSurge } = resolveFenceposts(world.spec);
        const split = splitByWeight(world.spec.replicas ?? 1, canaryWeight(world), maxSurge > 0);
        assert.deepEqual(
          { new: settled?.newReplicaSet?.specReplicas, stable: settled?.stableReplicaSet?.specReplicas },
          split,
        );
        assert.ok(settled?.olderReplicaSets.every(({ specReplicas }) => specReplicas === 0));
      }),
      { numRuns: 600 },
    );
  });

  it('end where the recorded passes end, though growth goes first', () => {
    const cases = readGolden<CanaryReplicasInput, CanaryReplicasOutput>('canary-replicas.json');
    for (const { name, input, expected } of cases.filter((golden) => golden.expected.furtherPasses !== undefined)) {
      const settled = settle(toSizingInput(input));
      assert.ok(settled !== undefined, name);
      const sizes = Object.fromEntries(allReplicaSets(settled).map((set) => [set.name, set.specReplicas]));
      assert.deepEqual(sizes, { ...expected.pass.specReplicas, ...expected.furtherPasses?.at(-1) }, name);
    }
  });

  it('survive pods that come and go at random without breaking a limit', () => {
    fc.assert(
      fc.property(worldOf({ routed: false }), fc.infiniteStream(fc.nat(14)), (start, draws) => {
        const allowed = (start.spec.replicas ?? 1) + resolveFenceposts(start.spec).maxSurge;
        let world = start;
        let most = Math.max(
          allowed,
          sum(world, ({ specReplicas }) => specReplicas),
        );
        for (let pass = 0; pass < 15; pass += 1) {
          const next = applySizing(world, sizeCanary(world));
          const pods = sum(next, ({ specReplicas }) => specReplicas);
          assert.ok(pods <= most, `${pods} pods, at most ${most}`);
          most = Math.max(allowed, pods);
          world = mapReplicaSets(next, (replicaSet) => ({
            ...replicaSet,
            statusReplicas: replicaSet.specReplicas,
            availableReplicas: Math.min(Number(draws.next().value), replicaSet.specReplicas),
          }));
        }
      }),
      { numRuns: 200 },
    );
  });
});
