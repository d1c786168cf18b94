import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { equalJson, mergeDiff } from '../../src/api/merge-diff.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { TrafficPlan, TrafficReading } from '../../src/api/traffic.ts';
import type { RouterSubject, TrafficRouter } from '../../src/providers/traffic/contract.ts';
import { applyChanges } from './traffic-router/apply-changes.ts';
import { planArbitrary, restPlan } from './traffic-router/plans.ts';

/** What one router works on: a configuration, the Rollout, and the objects of the cluster. */
export interface RouterWorld<Config> {
  readonly config: Config;
  readonly subject: RouterSubject;
  readonly objects: readonly KubeObject[];
}

/** What the suite has to be told about a router. */
export interface RouterFixture<Config> {
  readonly router: TrafficRouter<Config>;
  /** One plain world, as a user would begin. */
  readonly world: RouterWorld<Config>;
  /** Worlds with everything that users put into such objects: other routes, unknown fields, foreign backends. */
  readonly worlds: fc.Arbitrary<RouterWorld<Config>>;
  /** What of the objects is not the router's to change, however it likes to show it. */
  foreign(world: RouterWorld<Config>): unknown;
  /** The weights of both sides and of additional destinations at every place that splits traffic, as they stand. */
  weights(world: RouterWorld<Config>): readonly (readonly unknown[])[];
  /** Names of the managed routes in the order in which the data plane tries them. */
  routeOrder(world: RouterWorld<Config>): readonly string[];
  /** Edits by somebody else after a plan was written; every one must show in the reading. */
  readonly foreignEdits: readonly {
    readonly name: string;
    readonly edit: (objects: readonly KubeObject[]) => readonly KubeObject[];
  }[];
  /** Worlds in which traffic cannot be split; each must be told as a problem that contains the text. */
  readonly broken: readonly { readonly name: string; readonly world: RouterWorld<Config>; readonly problem: RegExp }[];
}

/** The behaviour that every traffic router must have. */
export function trafficRouterContract<Config>(fixture: RouterFixture<Config>): void {
  const { router, world, worlds } = fixture;
  const given = fc.record({ world: worlds }).chain(({ world }) =>
    fc.record({
      world: fc.constant(world),
      plans: fc.array(planArbitrary(router.capabilities, world.subject), { minLength: 1, maxLength: 4 }),
    }),
  );

  describe(`traffic router contract: ${router.name}`, () => {
    it('reads what a plan wrote, for every series of plans', () => {
      fc.assert(
        fc.property(given, ({ world, plans }) => {
          let objects = world.objects;
          for (const plan of plans) {
            objects = written(fixture, { ...world, objects }, plan);
            assertSays(router.read(world.config, world.subject, objects), plan);
          }
        }),
      );
    });

    it('changes nothing when the objects say what the plan wants', () => {
      fc.assert(
        fc.property(given, ({ world, plans }) => {
          let objects = world.objects;
          for (const plan of plans) {
            objects = written(fixture, { ...world, objects }, plan);
            assert.deepEqual(router.write(world.config, world.subject, objects, plan), { ok: true, value: [] });
          }
        }),
      );
    });

    it('preserves everything that is not its own', () => {
      fc.assert(
        fc.property(given, ({ world, plans }) => {
          const before = fixture.foreign(world);
          let objects = world.objects;
          for (const plan of plans) {
            objects = written(fixture, { ...world, objects }, plan);
            assert.deepEqual(fixture.foreign({ ...world, objects }), before);
          }
        }),
      );
    });

    it('writes whole weights that sum to the maximum, and 0 as 0', () => {
      fc.assert(
        fc.property(given, ({ world, plans }) => {
          let objects = world.objects;
          for (const plan of plans) {
            objects = written(fixture, { ...world, objects }, plan);
            const places = fixture.weights({ ...world, objects });
            assert.ok(places.length > 0);
            for (const weights of places) {
              assert.ok(
                weights.every((weight) => Number.isInteger(weight) && Number(weight) >= 0),
                String(weights),
              );
              assert.equal(
                weights.reduce<number>((sum, weight) => sum + Number(weight), 0),
                plan.weightMax,
              );
            }
          }
        }),
      );
    });

    it('puts managed routes in their order, and takes them away again', () => {
      fc.assert(
        fc.property(given, ({ world, plans }) => {
          let objects = world.objects;
          for (const plan of plans) {
            objects = written(fixture, { ...world, objects }, plan);
            const wanted = new Set([...plan.headerRoutes, ...plan.mirrorRoutes].map(({ name }) => name));
            assert.deepEqual(
              fixture.routeOrder({ ...world, objects }),
              plan.managedRoutes.filter((name) => wanted.has(name)),
            );
          }
        }),
      );
    });

    it('comes back to where it began: nothing of a finished release stays behind', () => {
      fc.assert(
        fc.property(given, ({ world, plans }) => {
          const rest = restPlan(world.subject);
          const start = written(fixture, world, rest);
          let objects = start;
          for (const plan of [...plans, rest]) objects = written(fixture, { ...world, objects }, plan);
          assert.deepEqual(sorted(objects), sorted(start));
        }),
      );
    });

    it('sends only what differs', () => {
      fc.assert(
        fc.property(given, ({ world, plans }) => {
          let objects = world.objects;
          for (const plan of plans) {
            const answer = router.write(world.config, world.subject, objects, plan);
            assert.ok(answer.ok);
            for (const change of answer.value) {
              if (change.kind !== 'merge') continue;
              const before = objects.find(
                ({ kind, metadata }) => kind === change.type.kind && metadata.name === change.name,
              );
              assert.ok(before !== undefined);
              const after = applyChanges([before], [change])[0];
              assert.ok(after !== undefined);
              assert.deepEqual(mergeDiff(before, after), change.body);
            }
            objects = applyChanges(objects, answer.value);
          }
        }),
      );
    });

    it('touches only kinds that it declares, in the namespace of the Rollout', () => {
      fc.assert(
        fc.property(given, ({ world, plans: [plan] }) => {
          assert.ok(plan !== undefined);
          const types = new Set(router.types.map(({ kind }) => kind));
          for (const target of router.targets(world.config, world.subject)) {
            assert.ok(types.has(target.type.kind));
            assert.equal(target.namespace, world.subject.namespace);
          }
          const answer = router.write(world.config, world.subject, world.objects, plan);
          assert.ok(answer.ok);
          for (const change of answer.value) assert.ok(types.has(change.type.kind));
        }),
      );
    });

    for (const { name, edit } of fixture.foreignEdits) {
      it(`sees a foreign edit: ${name}`, () => {
        const { config, subject } = world;
        const plan = { ...restPlan(subject), ...shares(subject, 20), inProgress: true };
        const objects = written(fixture, world, plan);
        const before = router.read(config, subject, objects);
        assertSays(before, plan);
        const after = router.read(config, subject, edit(objects));
        const seen = ({ problem, canaryWeight, stableWeight, additionalWeights }: TrafficReading) =>
          problem === undefined ? { canaryWeight, stableWeight, additionalWeights } : problem;
        assert.notDeepEqual(seen(after), seen(before));
        const mended = written(fixture, { ...world, objects: edit(objects) }, plan);
        assertSays(router.read(config, subject, mended), plan);
      });
    }

    for (const { name, world, problem } of fixture.broken) {
      it(`tells a problem and changes nothing: ${name}`, () => {
        const { config, subject, objects } = world;
        const reading = router.read(config, subject, objects);
        assert.match(reading.problem ?? '', problem);
        assert.equal(reading.canaryWeight, undefined);
        const answer = router.write(config, subject, objects, restPlan(subject));
        assert.ok(!answer.ok, 'it must not be written');
        assert.match(`${answer.error.subject}: ${answer.error.message}`, problem);
        // Whatever the objects are, reading must answer.
        router.targets(config, subject);
      });
    }
  });
}

/** The two sides of a plan with this share for the canary. */
export function shares(
  { stableService, canaryService, weightMax }: RouterSubject,
  canaryWeight: number,
): Pick<TrafficPlan, 'destinations'> {
  return {
    destinations: [
      { role: 'canary', service: canaryService, hash: 'newhash', weight: canaryWeight },
      { role: 'stable', service: stableService, hash: 'oldhash', weight: weightMax - canaryWeight },
    ],
  };
}

function written<Config>(
  { router }: RouterFixture<Config>,
  { config, subject, objects }: RouterWorld<Config>,
  plan: TrafficPlan,
): readonly KubeObject[] {
  const answer = router.write(config, subject, objects, plan);
  assert.ok(answer.ok, answer.ok ? '' : `${answer.error.subject}: ${answer.error.message}`);
  return applyChanges(objects, answer.value);
}

function assertSays(reading: TrafficReading, plan: TrafficPlan): void {
  const weightOf = (role: string): number | undefined => plan.destinations.find((to) => to.role === role)?.weight;
  const additional = plan.destinations.filter(({ role }) => role === 'additional');
  assert.equal(reading.problem, undefined);
  assert.equal(reading.canaryWeight, weightOf('canary'));
  assert.equal(reading.stableWeight, weightOf('stable'));
  assert.equal(reading.weightMax, plan.weightMax);
  assert.deepEqual(withTraffic(reading.additionalWeights), withTraffic(weightsOf(additional)));
  if (reading.hashes !== undefined) {
    const hashOf = (role: string): string => plan.destinations.find((to) => to.role === role)?.hash ?? '';
    assert.deepEqual(reading.hashes, { canary: hashOf('canary'), stable: hashOf('stable') });
  }
  assert.deepEqual(
    new Set(reading.managedRoutes),
    new Set([...plan.headerRoutes, ...plan.mirrorRoutes].map(({ name }) => name)),
  );
  assert.ok(equalJson(reading.inProgress ?? plan.inProgress, plan.inProgress));
}

function weightsOf(destinations: TrafficPlan['destinations']): Readonly<Record<string, number>> {
  return Object.fromEntries(destinations.map(({ service, weight }) => [service, weight]));
}

/** A destination may stay away while it gets no traffic. */
function withTraffic(weights: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(weights).filter(([, weight]) => weight > 0));
}

function sorted(objects: readonly KubeObject[]): readonly KubeObject[] {
  const key = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.name}`;
  return objects.toSorted((left, right) => (key(left) < key(right) ? -1 : 1));
}
