import fc from 'fast-check';

import type { HeaderRoute, MirrorRoute, RouterCapabilities, TrafficPlan } from '../../../src/api/traffic.ts';
import type { RouterSubject } from '../../../src/providers/traffic/contract.ts';

/** The plan of a Rollout that is at rest: everything to the stable side, nothing managed. */
export function restPlan({ stableService, canaryService, managedRoutes, weightMax }: RouterSubject): TrafficPlan {
  return {
    destinations: [
      { role: 'canary', service: canaryService, hash: 'oldhash', weight: 0 },
      { role: 'stable', service: stableService, hash: 'oldhash', weight: weightMax },
    ],
    weightMax,
    headerRoutes: [],
    mirrorRoutes: [],
    managedRoutes,
    inProgress: false,
  };
}

/** Plans that the engine could make for a router that can do this. */
export function planArbitrary(capabilities: RouterCapabilities, subject: RouterSubject): fc.Arbitrary<TrafficPlan> {
  return fc
    .record({
      additional: capabilities.additionalDestinations
        ? fc.uniqueArray(fc.constantFrom('exp-a', 'exp-b', 'exp-c'), { maxLength: 2 })
        : fc.constant<string[]>([]),
      cuts: fc.array(fc.nat({ max: subject.weightMax }), { minLength: 3, maxLength: 3 }),
      kinds: fc.array(kindArbitrary(capabilities), {
        minLength: subject.managedRoutes.length,
        maxLength: subject.managedRoutes.length,
      }),
      routes: fc.array(fc.record({ header: headerArbitrary(capabilities), mirror: mirrorArbitrary() }), {
        minLength: subject.managedRoutes.length,
        maxLength: subject.managedRoutes.length,
      }),
      inProgress: fc.boolean(),
    })
    .map(({ additional, cuts, kinds, routes, inProgress }) => {
      const weights = partsOf(cuts.slice(0, additional.length + 1), subject.weightMax);
      const named = subject.managedRoutes.map((name, index) => ({ name, kind: kinds[index], route: routes[index] }));
      return {
        ...restPlan(subject),
        destinations: [
          { role: 'canary' as const, service: subject.canaryService, hash: 'newhash', weight: weights[0] ?? 0 },
          ...additional.map((service, index) => ({
            role: 'additional' as const,
            service,
            hash: `hash${service}`,
            weight: weights[index + 2] ?? 0,
          })),
          { role: 'stable' as const, service: subject.stableService, hash: 'oldhash', weight: weights[1] ?? 0 },
        ],
        headerRoutes: named.flatMap(({ name, kind, route }): readonly HeaderRoute[] =>
          kind === 'header' && route !== undefined ? [{ name, match: route.header }] : [],
        ),
        mirrorRoutes: named.flatMap(({ name, kind, route }): readonly MirrorRoute[] =>
          kind === 'mirror' && route !== undefined ? [{ name, ...route.mirror }] : [],
        ),
        inProgress,
      };
    });
}

function kindArbitrary({ headerRoutes, mirrorRoutes }: RouterCapabilities): fc.Arbitrary<'none' | 'header' | 'mirror'> {
  const kinds: ('none' | 'header' | 'mirror')[] = ['none'];
  if (headerRoutes !== 'none') kinds.push('header');
  if (mirrorRoutes) kinds.push('mirror');
  return fc.constantFrom(...kinds);
}

function headerArbitrary({ headerRoutes }: RouterCapabilities): fc.Arbitrary<HeaderRoute['match']> {
  const ways = headerRoutes === 'exact' ? (['exact'] as const) : (['exact', 'prefix', 'regex'] as const);
  return fc
    .uniqueArray(fc.constantFrom('x-canary', 'Agent', 'tenant'), { minLength: 1, maxLength: 2 })
    .chain((names) =>
      fc.tuple(
        ...names.map((headerName) =>
          fc
            .tuple(fc.constantFrom(...ways), fc.constantFrom('yes', 'v2.*', 'a+b'))
            .map(([way, value]) => ({ headerName, headerValue: { [way]: value } })),
        ),
      ),
    );
}

function mirrorArbitrary(): fc.Arbitrary<Omit<MirrorRoute, 'name'>> {
  const match = fc.constantFrom(
    { method: { exact: 'GET' } },
    { path: { prefix: '/' } },
    { path: { prefix: '/shop' } },
    { method: { exact: 'POST' }, headers: { tenant: { exact: 'a' } } },
  );
  return fc.record({
    match: fc.uniqueArray(match, { minLength: 1, maxLength: 2 }),
    percentage: fc.nat({ max: 100 }),
  });
}

/** Cuts 0..total into parts at the given places: one more part than there are cuts. */
function partsOf(cuts: readonly number[], total: number): readonly number[] {
  const ends = [...cuts.toSorted((left, right) => left - right), total];
  return ends.map((end, index) => end - (ends[index - 1] ?? 0));
}
