import { isControlledBy } from '../../api/controller-owner.ts';
import { listOf, recordOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { nginxSchema, type NginxTrafficRouting } from '../../api/traffic-routing.ts';
import type { TrafficPlan, TrafficReading } from '../../api/traffic.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { nginxNotice } from './change-notice.ts';
import {
  problemText,
  type RouterChange,
  type RouterProblem,
  type RouterSubject,
  type RouterTarget,
  type TrafficRouter,
} from './contract.ts';
import {
  controllerReference,
  findIngress,
  ingressRules,
  isIngress,
  pathService,
  rulePaths,
  withPaths,
} from './ingress.ts';
import { objectChange } from './object-change.ts';
import { planShares } from './plan-shares.ts';
import { sharesOf, unknownShares, unreadable, type SplitWeights } from './read-shares.ts';
import { routerTypes } from './router-types.ts';

/**
 * The canary Ingress of the NGINX ingress controller: a second Ingress with the same rules that lead to the canary
 * Service, and annotations with its share of the traffic. The stable Ingress is only read.
 */
export const nginx: TrafficRouter<NginxTrafficRouting> = {
  name: 'nginx',
  plugin: false,
  schema: nginxSchema,
  capabilities: {
    headerRoutes: 'none',
    mirrorRoutes: false,
    additionalDestinations: false,
    pingPong: false,
    weightMax: true,
    needsServices: true,
  },
  types: [routerTypes.ingress],
  targets,
  read,
  write,
  notice: nginxNotice,
};

interface IngressPair {
  /** `Ingress shop/checkout-web-canary`. */
  readonly subject: string;
  readonly stable: KubeObject;
  /** undefined before the first write. */
  readonly canary: KubeObject | undefined;
  readonly canaryName: string;
}

const nginxField = 'trafficRouting.nginx';

function targets(config: NginxTrafficRouting, subject: RouterSubject): readonly RouterTarget[] {
  return ingressNames(config).flatMap(({ name }) =>
    [
      { name, optional: false },
      { name: canaryName(name, subject), optional: true },
    ].map((target): RouterTarget => ({
      kind: 'named',
      type: routerTypes.ingress,
      namespace: subject.namespace,
      ...target,
    })),
  );
}

function ingressNames({ stableIngress = '', stableIngresses = [] }: NginxTrafficRouting) {
  return stableIngresses.length > 0
    ? stableIngresses.map((name, index) => ({ name, field: `${nginxField}.stableIngresses[${index}]` }))
    : [{ name: stableIngress, field: `${nginxField}.stableIngress` }].filter(({ name }) => name !== '');
}

/** Names of objects have at most 253 characters; a longer one is cut before its end. */
function canaryName(stableIngress: string, { name }: RouterSubject): string {
  const end = '-canary';
  return `${`${name}-${stableIngress}`.slice(0, nameLengthMax - end.length)}${end}`;
}

const nameLengthMax = 253;

function pairsOf(
  config: NginxTrafficRouting,
  subject: RouterSubject,
  objects: readonly KubeObject[],
): Result<readonly IngressPair[], RouterProblem> {
  const { namespace, stableService, canaryService } = subject;
  if (stableService === '' || canaryService === '' || stableService === canaryService) {
    return fail({ subject: 'strategy.canary', message: 'canaryService and stableService must be two Services' });
  }
  const pairs: IngressPair[] = [];
  for (const { name, field } of ingressNames(config)) {
    const stable = findIngress(name, field, subject, objects);
    if (!stable.ok) return stable;
    if (canaryRules(stable.value, subject).length === 0) {
      const message = `it has no rule with the Service "${stableService}" as backend`;
      return fail({ subject: `Ingress ${namespace}/${name} spec.rules`, message });
    }
    const nameOfCanary = canaryName(name, subject);
    const canary = objects.find((object) => isIngress(object, namespace, nameOfCanary));
    const canarySubject = `Ingress ${namespace}/${nameOfCanary}`;
    if (canary !== undefined && !isControlledBy(canary, subject.uid)) {
      return fail({ subject: canarySubject, message: `it does not belong to the Rollout "${subject.name}"` });
    }
    pairs.push({ subject: canarySubject, stable: stable.value, canary, canaryName: nameOfCanary });
  }
  return pairs.length > 0 ? succeed(pairs) : fail({ subject: nginxField, message: 'it names no stableIngress' });
}

/** The rules of the stable Ingress that lead to the stable Service, leading to the canary Service instead. */
function canaryRules(stable: KubeObject, { stableService, canaryService }: RouterSubject): readonly JsonRecord[] {
  return ingressRules(stable)
    .filter((rule) => rulePaths(rule).some((path) => pathService(path) === stableService))
    .map((rule) =>
      withPaths(
        rule,
        rulePaths(rule).map((path) => (pathService(path) === stableService ? withService(path, canaryService) : path)),
      ),
    );
}

function withService(path: JsonRecord, name: string): JsonRecord {
  const backend = recordOf(path['backend']);
  return { ...path, backend: { ...backend, service: { ...recordOf(backend['service']), name } } };
}

function read(config: NginxTrafficRouting, subject: RouterSubject, objects: readonly KubeObject[]): TrafficReading {
  const pairs = pairsOf(config, subject, objects);
  if (!pairs.ok) return unreadable(subject, problemText(pairs.error));
  const splits = pairs.value.map((pair) => splitOf(pair, config));
  const broken = splits.find((split) => typeof split === 'string');
  const shares =
    broken === undefined
      ? sharesOf(
          splits.filter((split) => typeof split !== 'string'),
          subject.weightMax,
        )
      : fail(broken);
  const problem = shares.ok
    ? pairs.value.map((pair) => driftOf(pair, config, subject)).find((drift) => drift !== undefined)
    : shares.error;
  return {
    ...(shares.ok ? shares.value : unknownShares(subject.weightMax)),
    managedRoutes: [],
    acceptance: 'unknown',
    ...(problem === undefined ? {} : { problem }),
  };
}

/** Without a canary Ingress everything goes to the stable side. */
function splitOf({ subject, canary }: IngressPair, config: NginxTrafficRouting): SplitWeights | string {
  if (canary === undefined) return { subject, canary: 0, stable: 1, additional: {} };
  const { annotations = {} } = canary.metadata;
  const keys = annotationKeys(config);
  const [weight, total] = [annotations[keys.weight] ?? '0', annotations[keys.weightTotal] ?? '100'];
  const [share, sum] = [wholeNumber(weight), wholeNumber(total)];
  if (share === undefined || sum === undefined || share > sum || sum === 0) {
    return `${subject}: weight "${weight}" of "${total}" is no share`;
  }
  return { subject, canary: share, stable: sum - share, additional: {} };
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,9}$/u.test(text) ? Number(text) : undefined;
}

/** What is not as it should be apart from the weight, which may be any. */
function driftOf(pair: IngressPair, config: NginxTrafficRouting, subject: RouterSubject): string | undefined {
  const { canary } = pair;
  if (canary === undefined) return `${pair.subject}: it does not exist yet`;
  const weight = canary.metadata.annotations?.[annotationKeys(config).weight] ?? '0';
  const [change] = objectChange(routerTypes.ingress, canary, plannedIngress(pair, config, subject, weight));
  return change === undefined ? undefined : `${pair.subject}: it does not follow the stable Ingress any more`;
}

function write(
  config: NginxTrafficRouting,
  subject: RouterSubject,
  objects: readonly KubeObject[],
  plan: TrafficPlan,
): Result<readonly RouterChange[], RouterProblem> {
  const shares = planShares(plan);
  if (!shares.ok) return shares;
  const pairs = pairsOf(config, subject, objects);
  if (!pairs.ok) return pairs;
  if (shares.value.keepsWeights) return succeed([]);
  const weight = String(shares.value.canary.weight);
  return succeed(
    pairs.value.flatMap((pair): readonly RouterChange[] => {
      const object = plannedIngress(pair, config, subject, weight);
      return pair.canary === undefined
        ? [{ kind: 'create', type: routerTypes.ingress, object }]
        : objectChange(routerTypes.ingress, pair.canary, object);
    }),
  );
}

/** The canary Ingress; annotations and labels that others put on it stay. */
function plannedIngress(
  { stable, canary, canaryName: name }: IngressPair,
  config: NginxTrafficRouting,
  subject: RouterSubject,
  weight: string,
): KubeObject {
  const { namespace } = subject;
  const metadata = canary?.metadata ?? { name, namespace, ownerReferences: [controllerReference(subject)] };
  const { [annotationKeys(config).weightTotal]: _total, ...annotations } = metadata.annotations ?? {};
  const { tls, ingressClassName } = recordOf(stable['spec']);
  return {
    ...(canary ?? { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' }),
    metadata: { ...metadata, annotations: { ...annotations, ...plannedAnnotations(stable, config, subject, weight) } },
    spec: {
      ...(ingressClassName === undefined ? {} : { ingressClassName }),
      ...(listOf(tls).length === 0 ? {} : { tls }),
      rules: canaryRules(stable, subject),
    },
  };
}

const classAnnotation = 'kubernetes.io/ingress.class';

function plannedAnnotations(
  { metadata }: KubeObject,
  config: NginxTrafficRouting,
  { weightMax, weightMaxGiven }: RouterSubject,
  weight: string,
): Readonly<Record<string, string>> {
  const keys = annotationKeys(config);
  const ingressClass = metadata.annotations?.[classAnnotation];
  const additional = Object.entries(config.additionalIngressAnnotations ?? {}).map(
    ([key, value]) => [key.startsWith(keys.prefix) ? key : `${keys.prefix}/${key}`, value] as const,
  );
  return {
    ...(ingressClass === undefined ? {} : { [classAnnotation]: ingressClass }),
    ...Object.fromEntries(additional),
    ...config.canaryIngressAnnotations,
    [keys.canary]: 'true',
    [keys.weight]: weight,
    ...(weightMaxGiven === true || weightMax !== 100 ? { [keys.weightTotal]: String(weightMax) } : {}),
  };
}

function annotationKeys({ annotationPrefix = '' }: NginxTrafficRouting) {
  const prefix = annotationPrefix === '' ? 'nginx.ingress.kubernetes.io' : annotationPrefix;
  return {
    prefix,
    canary: `${prefix}/canary`,
    weight: `${prefix}/canary-weight`,
    weightTotal: `${prefix}/canary-weight-total`,
  };
}
