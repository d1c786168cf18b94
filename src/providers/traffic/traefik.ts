import { recordOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { traefikSchema, type TraefikTrafficRouting } from '../../api/traffic-routing.ts';
import type { TrafficPlan, TrafficReading } from '../../api/traffic.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import {
  problemText,
  type RouterChange,
  type RouterProblem,
  type RouterSubject,
  type RouterTarget,
  type TrafficRouter,
} from './contract.ts';
import { objectChange } from './object-change.ts';
import { planShares } from './plan-shares.ts';
import { sharesOf, unknownShares, unreadable } from './read-shares.ts';
import { routerTypes } from './router-types.ts';
import { listWeights, weightedList, withListWeights, type WeightedList } from './weighted-list.ts';

/** The weighted TraefikService of Traefik. */
export const traefik: TrafficRouter<TraefikTrafficRouting> = {
  name: 'traefik',
  plugin: false,
  schema: traefikSchema,
  capabilities: {
    headerRoutes: 'none',
    mirrorRoutes: false,
    additionalDestinations: false,
    pingPong: false,
    weightMax: false,
    needsServices: true,
  },
  types: [routerTypes.traefikService],
  targets,
  read,
  write,
};

function targets(
  { weightedTraefikServiceName: name }: TraefikTrafficRouting,
  { namespace }: RouterSubject,
): readonly RouterTarget[] {
  return [{ kind: 'named', type: routerTypes.traefikService, namespace, name, optional: false }];
}

function find(
  { weightedTraefikServiceName: name }: TraefikTrafficRouting,
  subject: RouterSubject,
  objects: readonly KubeObject[],
): Result<{ readonly object: KubeObject; readonly services: WeightedList }, RouterProblem> {
  const { namespace } = subject;
  const object = objects.find(
    ({ kind, metadata }) => kind === 'TraefikService' && metadata.name === name && metadata.namespace === namespace,
  );
  if (object === undefined) {
    const message = `TraefikService "${name}" does not exist in namespace ${namespace}`;
    return fail({ subject: 'trafficRouting.traefik.weightedTraefikServiceName', message });
  }
  const field = `TraefikService ${namespace}/${name} spec.weighted.services`;
  const services = weightedList(recordOf(recordOf(object['spec'])['weighted'])['services'], 'name', field, subject);
  return services.ok ? succeed({ object, services: services.value }) : services;
}

function read(config: TraefikTrafficRouting, subject: RouterSubject, objects: readonly KubeObject[]): TrafficReading {
  const found = find(config, subject, objects);
  if (!found.ok) return unreadable(subject, problemText(found.error));
  // An absent weight means 1 to Traefik.
  const split = listWeights(found.value.services, subject, 1);
  const shares = split.ok ? sharesOf([split.value], subject.weightMax) : split;
  return {
    ...(shares.ok ? shares.value : unknownShares(subject.weightMax)),
    managedRoutes: [],
    acceptance: 'unknown',
    ...(shares.ok ? {} : { problem: shares.error }),
  };
}

function write(
  config: TraefikTrafficRouting,
  subject: RouterSubject,
  objects: readonly KubeObject[],
  plan: TrafficPlan,
): Result<readonly RouterChange[], RouterProblem> {
  const shares = planShares(plan);
  if (!shares.ok) return shares;
  const found = find(config, subject, objects);
  if (!found.ok) return found;
  if (shares.value.keepsWeights) return succeed([]);
  const { object, services } = found.value;
  const spec = recordOf(object['spec']);
  const weighted = { ...recordOf(spec['weighted']), services: withListWeights(services, subject, shares.value) };
  return succeed(objectChange(routerTypes.traefikService, object, { ...object, spec: { ...spec, weighted } }));
}
