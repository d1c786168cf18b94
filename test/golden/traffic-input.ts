import { listOf, recordOf, textOf, type JsonRecord } from '../../src/api/json-access.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { TrafficRouting } from '../../src/api/traffic-routing.ts';
import type { TrafficCall, TrafficInput } from './run-traffic.ts';

/** What the input of a recorded case is like, for the conditions of differences. */

/** The routers that it configures. */
export function routingOf({ rollout }: TrafficInput): TrafficRouting {
  return rollout.spec.strategy?.canary?.trafficRouting ?? {};
}

/** Names of managed routes. */
export function managedNames(input: TrafficInput): readonly string[] {
  return (routingOf(input).managedRoutes ?? []).map(({ name }) => name);
}

/** The calls of one operation. */
export function callsOf<Op extends TrafficCall['op']>(
  { calls }: TrafficInput,
  op: Op,
): readonly Extract<TrafficCall, { op: Op }>[] {
  return calls.filter((call): call is Extract<TrafficCall, { op: Op }> => call.op === op);
}

/** The VirtualServices. */
export function virtualServices({ objects }: TrafficInput): readonly KubeObject[] {
  return objects.filter(({ kind }) => kind === 'VirtualService');
}

/** The list of routes of a kind in a VirtualService, whatever its type. */
export function routesValue(object: KubeObject, kind: 'http' | 'tls' | 'tcp'): unknown {
  return recordOf(object['spec'])[kind];
}

/** All routes of the VirtualServices. */
export function allRoutes(input: TrafficInput): readonly JsonRecord[] {
  return virtualServices(input).flatMap((object) =>
    (['http', 'tls', 'tcp'] as const).flatMap((kind) => listOf(routesValue(object, kind)).map(recordOf)),
  );
}

/** The destinations of a route. */
export function destinations(route: JsonRecord): readonly JsonRecord[] {
  return listOf(route['route']).map(recordOf);
}

/** The first part of a destination's host. */
export function hostOf(destination: JsonRecord): string {
  return textOf(recordOf(destination['destination'])['host']).split('.')[0] ?? '';
}

/** The subsets of the DestinationRules. */
export function subsetsOf({ objects }: TrafficInput): readonly JsonRecord[] {
  return objects
    .filter(({ kind }) => kind === 'DestinationRule')
    .flatMap((object) => listOf(recordOf(object['spec'])['subsets']).map(recordOf));
}

/** Keys of the objects that a list names and that are written, in its order. */
export function listedObjects(input: TrafficInput): readonly string[] {
  const { alb, istio } = routingOf(input);
  const { namespace } = input.rollout.metadata;
  return [
    ...(istio?.virtualServices ?? []).map(({ name }) => {
      const [first = '', second = namespace] = name.split('.');
      return `VirtualService/${second}/${first}`;
    }),
    ...(alb?.ingresses ?? []).map((name) => `Ingress/${namespace}/${name}`),
  ];
}
