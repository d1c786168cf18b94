import { isControlledBy } from '../../api/controller-owner.ts';
import { listOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject, ResourceType } from '../../api/object.ts';
import { apiVersionOf } from '../../api/object.ts';
import { smiSchema, type SmiTrafficRouting } from '../../api/traffic-routing.ts';
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
import { controllerReference } from './ingress.ts';
import { objectChange } from './object-change.ts';
import { planShares, type PlanShares } from './plan-shares.ts';
import { sharesOf, unknownShares, unreadable, type SplitWeights } from './read-shares.ts';
import { trafficSplitType, type SmiVersion } from './router-types.ts';

/**
 * The TrafficSplit of the Service Mesh Interface, in the version that the mesh serves. The object is made by the
 * Rollout and belongs to it, so its backends are exactly those of the plan.
 */
export function smi(version: SmiVersion): TrafficRouter<SmiTrafficRouting> {
  const type = trafficSplitType(version);
  return {
    name: 'smi',
    plugin: false,
    schema: smiSchema,
    capabilities: {
      headerRoutes: 'none',
      mirrorRoutes: false,
      additionalDestinations: true,
      pingPong: false,
      weightMax: false,
      needsServices: true,
    },
    types: [type],
    targets: (config, subject) => targets(type, config, subject),
    read: (config, subject, objects) => read(type, config, subject, objects),
    write: (config, subject, objects, plan) => write(type, config, subject, objects, plan),
  };
}

function targets(type: ResourceType, config: SmiTrafficRouting, subject: RouterSubject): readonly RouterTarget[] {
  const { namespace } = subject;
  return [{ kind: 'named', type, namespace, name: splitName(config, subject), optional: true }];
}

function splitName({ trafficSplitName = '' }: SmiTrafficRouting, { name }: RouterSubject): string {
  return trafficSplitName === '' ? name : trafficSplitName;
}

/** The object, if it is there. Fails when it belongs to somebody else. */
function findSplit(
  config: SmiTrafficRouting,
  subject: RouterSubject,
  objects: readonly KubeObject[],
): Result<KubeObject | undefined, RouterProblem> {
  const { namespace, stableService, canaryService } = subject;
  if (stableService === '' || canaryService === '' || stableService === canaryService) {
    return fail({ subject: 'strategy.canary', message: 'canaryService and stableService must be two Services' });
  }
  const name = splitName(config, subject);
  const found = objects.find(
    ({ kind, metadata }) => kind === 'TrafficSplit' && metadata.namespace === namespace && metadata.name === name,
  );
  if (found === undefined || isControlledBy(found, subject.uid)) return succeed(found);
  const message = `it does not belong to the Rollout "${subject.name}"`;
  return fail({ subject: `TrafficSplit ${namespace}/${name}`, message });
}

function read(
  type: ResourceType,
  config: SmiTrafficRouting,
  subject: RouterSubject,
  objects: readonly KubeObject[],
): TrafficReading {
  const found = findSplit(config, subject, objects);
  if (!found.ok) return unreadable(subject, problemText(found.error));
  const name = `TrafficSplit ${subject.namespace}/${splitName(config, subject)}`;
  if (found.value === undefined) return unreadable(subject, `${name}: it does not exist yet`);
  const split = splitOf(found.value, name, subject);
  const shares = split.ok ? sharesOf([split.value], subject.weightMax) : split;
  const problem = shares.ok ? driftOf(type, found.value, name, config, subject) : shares.error;
  return {
    ...(shares.ok ? shares.value : unknownShares(subject.weightMax)),
    managedRoutes: [],
    acceptance: 'unknown',
    ...(problem === undefined ? {} : { problem }),
  };
}

/** Backends other than the two sides are experiments, or what somebody else put there. */
function splitOf(object: KubeObject, name: string, subject: RouterSubject): Result<SplitWeights, string> {
  let [canary, stable] = [0, 0];
  const additional: Record<string, number> = {};
  for (const [index, backend] of backendsOf(object).entries()) {
    const weight = wholeNumber(backend['weight']);
    if (weight === undefined) {
      const value = JSON.stringify(backend['weight']);
      return fail(`${name} spec.backends[${index}].weight: ${value} is no whole number from 0`);
    }
    const service = textOf(backend['service']);
    if (service === subject.canaryService) canary += weight;
    else if (service === subject.stableService) stable += weight;
    else additional[service] = (additional[service] ?? 0) + weight;
  }
  return succeed({ subject: name, canary, stable, additional });
}

function driftOf(
  type: ResourceType,
  object: KubeObject,
  name: string,
  config: SmiTrafficRouting,
  subject: RouterSubject,
): string | undefined {
  const backends = backendsOf(object);
  const [change] = objectChange(type, object, plannedSplit(object, config, subject, backends));
  return change === undefined ? undefined : `${name}: spec.service is not "${rootService(config, subject)}"`;
}

function backendsOf(object: KubeObject): readonly JsonRecord[] {
  return listOf(recordOf(object['spec'])['backends']).map(recordOf);
}

/** The oldest version has quantities, which are texts. */
function wholeNumber(weight: unknown): number | undefined {
  const value = typeof weight === 'string' && /^\d{1,9}$/u.test(weight) ? Number(weight) : weight;
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}

function write(
  type: ResourceType,
  config: SmiTrafficRouting,
  subject: RouterSubject,
  objects: readonly KubeObject[],
  plan: TrafficPlan,
): Result<readonly RouterChange[], RouterProblem> {
  const shares = planShares(plan);
  if (!shares.ok) return shares;
  const found = findSplit(config, subject, objects);
  if (!found.ok) return found;
  if (shares.value.keepsWeights) return succeed([]);
  const backends = plannedBackends(type, subject, shares.value);
  if (found.value !== undefined) {
    return succeed(objectChange(type, found.value, plannedSplit(found.value, config, subject, backends)));
  }
  const object = plannedSplit(newSplit(type, config, subject), config, subject, backends);
  return succeed([{ kind: 'create', type, object }]);
}

function newSplit(type: ResourceType, config: SmiTrafficRouting, subject: RouterSubject): KubeObject {
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: {
      name: splitName(config, subject),
      namespace: subject.namespace,
      ownerReferences: [controllerReference(subject)],
    },
  };
}

function plannedSplit(
  object: KubeObject,
  config: SmiTrafficRouting,
  subject: RouterSubject,
  backends: readonly JsonRecord[],
): KubeObject {
  return { ...object, spec: { ...recordOf(object['spec']), service: rootService(config, subject), backends } };
}

function rootService({ rootService: service = '' }: SmiTrafficRouting, { stableService }: RouterSubject): string {
  return service === '' ? stableService : service;
}

/** The canary first, the stable side last. */
function plannedBackends(
  { version }: ResourceType,
  subject: RouterSubject,
  { canary, additional, stable }: PlanShares,
): readonly JsonRecord[] {
  const backend = (service: string, weight: number): JsonRecord => ({
    service,
    weight: version === 'v1alpha1' ? String(weight) : weight,
  });
  return [
    backend(subject.canaryService, canary.weight),
    ...additional.map(({ service, weight }) => backend(service, weight)),
    backend(subject.stableService, stable.weight),
  ];
}
