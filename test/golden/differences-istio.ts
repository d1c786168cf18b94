import { listOf, numberOf, recordOf, textOf, type JsonRecord } from '../../src/api/json-access.ts';
import type { Difference } from './difference.ts';
import type { TrafficInput, TrafficOutput } from './run-traffic.ts';
import {
  allRoutes,
  callsOf,
  destinations,
  hostOf,
  managedNames,
  routesValue,
  routingOf,
  subsetsOf,
  virtualServices,
} from './traffic-input.ts';

type TrafficDifference = Difference<TrafficInput, TrafficOutput>;

const routeFields = ['http', 'tls', 'tcp'].map((kind) => `calls.*.objects.*.spec.${kind}`);

/** Where VirtualServices and DestinationRules differ from those of the reference on purpose. */
export const istioDifferences: readonly TrafficDifference[] = [
  {
    name: 'routes of a wrong type, or none',
    reason:
      'Appendix D: a list of routes that is absent or no list is silently ignored, and traffic stays where ' +
      'it is while the Rollout goes on. Ours names the mistake and changes nothing.',
    fields: ['calls'],
    applies: (input) =>
      virtualServices(input).some((object) => {
        const values = (['http', 'tls', 'tcp'] as const).map((kind) => routesValue(object, kind));
        const isWrong = values.some((value) => value !== undefined && !Array.isArray(value));
        return isWrong || values.every((value) => listOf(value).length === 0) || lacksListed(input, object);
      }),
  },
  {
    name: 'subsets of the user',
    reason:
      'Appendix D and public report AR#3125: a change of hashes drops the subsets that the Rollout does not ' +
      'know. Ours keeps them (invariant I19).',
    fields: ['calls.*.objects.*.spec.subsets'],
    applies: (input) => {
      const { canarySubsetName, stableSubsetName } = routingOf(input).istio?.destinationRule ?? {};
      return subsetsOf(input).some(({ name }) => name !== canarySubsetName && name !== stableSubsetName);
    },
  },
  {
    name: 'the main route beside a mirror route',
    reason:
      'Appendix D: with a main route that is not listed and a mirror route, setWeight changes only the ' +
      'mirror route. Ours changes both, so that they say the same (invariant I02).',
    fields: ['calls.*.objects.*.spec.http.*.route'],
    applies: (input) => {
      const { virtualService, virtualServices: several = [] } = routingOf(input).istio ?? {};
      const named = [...several, ...(virtualService === undefined ? [] : [virtualService])];
      return hasMirror(input) && named.some(({ routes = [] }) => routes.length === 0);
    },
  },
  {
    name: 'weight 0 that is not written',
    reason:
      'Bug class G: a weight of 0 gets lost where the reference leaves out what is empty, or takes what is ' +
      'absent for equal. Ours writes it (invariant I02).',
    fields: routeFields.map((field) => `${field}.*.route.*.weight`),
    values: (expected, actual) => expected === undefined && actual === 0,
    applies: (input) => hasMirror(input) || allRoutes(input).some((route) => destinations(route).some(hasNoWeight)),
  },
  {
    name: 'destinations of a mirror route as they stand in the main route',
    reason:
      'Bug class G: the reference copies only host, subset, port and weight of a destination into a mirror ' +
      'route. Ours copies it whole, so that mirrored requests are answered like any other.',
    fields: ['calls.*.objects.*.spec.http.*.route'],
    applies: (input) =>
      hasMirror(input) &&
      allRoutes(input).some((route) => destinations(route).some((to) => Object.keys(to).some(isForeignField))),
  },
  {
    name: 'routes of one name',
    reason:
      'Appendix D: two unnamed routes together with managedRoutes are multiplied at every write. Ours ' +
      'leaves every route as it is (invariant I19).',
    fields: ['calls.*.objects.*.spec.http'],
    applies: (input) =>
      managedNames(input).length > 0 &&
      virtualServices(input).some((object) => {
        const names = listOf(routesValue(object, 'http')).map((route) => textOf(recordOf(route)['name']));
        return new Set(names).size < names.length;
      }),
  },
  {
    name: 'destinations left over at weight 0',
    reason:
      'An experiment whose weight becomes 0 leaves its destination behind for ever, because the reference ' +
      'takes a destination without weight for one of the user. Ours takes it away (bug class G).',
    fields: routeFields,
    applies: (input) =>
      callsOf(input, 'setWeight').some(({ additionalDestinations = [] }) =>
        additionalDestinations.some(({ weight }) => weight === 0),
      ),
  },
  {
    name: 'destinations without a host',
    reason:
      'Appendix E: a stale read leaves destinations with an empty host and a weight behind, which get ' +
      'traffic and lead nowhere. Ours takes them away.',
    fields: routeFields,
    applies: (input) =>
      allRoutes(input).some((route) =>
        destinations(route).some((to) => hostOf(to) === '' && (numberOf(to['weight']) ?? 0) > 0),
      ),
  },
  {
    name: 'a DestinationRule of several Rollouts',
    reason:
      'The reference overwrites the name of another Rollout that manages the object, which then writes its ' +
      'own again, without end (invariant I22). Ours adds its name.',
    fields: ['calls.*.objects.*.metadata.annotations'],
    applies: ({ objects, rollout }) =>
      objects.some(({ kind, metadata }) => {
        const managers = metadata.annotations?.['argo-rollouts.argoproj.io/managed-by-rollouts'] ?? '';
        return kind === 'DestinationRule' && managers !== '' && managers !== rollout.metadata.name;
      }),
  },
  {
    name: 'a side without its subset',
    reason:
      'Traffic that is sent to a subset that does not exist is lost (invariant I04). Ours names the missing ' +
      'subset and changes nothing.',
    fields: ['calls'],
    applies: (input) => {
      const rule = routingOf(input).istio?.destinationRule;
      const names = new Set(subsetsOf(input).map(({ name }) => name));
      return rule !== undefined && !(names.has(rule.canarySubsetName) && names.has(rule.stableSubsetName));
    },
  },
  {
    name: 'nothing to take away',
    reason:
      'Taking away a route from a VirtualService that can have none is done at once; the reference fails, ' +
      'and the Rollout with it.',
    fields: ['calls.*.failed'],
    values: (expected, actual) => expected === true && actual === false,
    applies: (input) =>
      (callsOf(input, 'setHeaderRoute').some((call) => call.setHeaderRoute.match === undefined) ||
        callsOf(input, 'setMirrorRoute').some((call) => call.setMirrorRoute.match === undefined)) &&
      virtualServices(input).some((object) => routesValue(object, 'http') === undefined),
  },
];

function hasMirror(input: TrafficInput): boolean {
  return (
    callsOf(input, 'setMirrorRoute').some(({ setMirrorRoute: { match } }) => match !== undefined) ||
    allRoutes(input).some((route) => route['mirror'] !== undefined)
  );
}

function hasNoWeight(destination: JsonRecord): boolean {
  return destination['weight'] === undefined;
}

function isForeignField(field: string): boolean {
  return field !== 'destination' && field !== 'weight';
}

/** A VirtualService without a list of routes that the Rollout names routes of. */
function lacksListed(input: TrafficInput, object: ReturnType<typeof virtualServices>[number]): boolean {
  const { virtualService, virtualServices: several = [] } = routingOf(input).istio ?? {};
  const wanted = [...several, ...(virtualService === undefined ? [] : [virtualService])].find(
    ({ name }) => name.split('.')[0] === object.metadata.name,
  );
  const listed = { http: wanted?.routes, tls: wanted?.tlsRoutes, tcp: wanted?.tcpRoutes };
  const kinds = (['http', 'tls', 'tcp'] as const).filter((kind) => (listed[kind] ?? []).length > 0);
  return kinds.length > 0 && kinds.every((kind) => routesValue(object, kind) === undefined);
}
