import { invalid, type FieldErrors } from './field-error.ts';
import { listOf, recordOf } from './json-access.ts';
import type { KubeObject } from './object.ts';
import type { Rollout } from './rollout.ts';

const routingField = 'spec.strategy.canary.trafficRouting';

/** Checks that an Ingress of NGINX or AWS sends traffic to the Service that the router will split. */
export function validateIngressReference(rollout: Rollout, ingress: KubeObject): FieldErrors {
  const canary = rollout.spec.strategy?.canary;
  const { nginx, alb } = canary?.trafficRouting ?? {};
  const stableService = canary?.stableService ?? '';
  if (nginx !== undefined) {
    return validateBackend(ingress, stableService, 'nginx.stableIngress', nginx.stableIngresses);
  }
  if (alb === undefined) return [];
  return validateBackend(ingress, alb.rootService || stableService, 'alb.ingress', alb.ingresses);
}

function validateBackend(
  ingress: KubeObject,
  service: string,
  singleField: string,
  several: readonly string[] = [],
): FieldErrors {
  const { name } = ingress.metadata;
  if (backendServices(ingress).includes(service)) return [];
  const field = `${routingField}.${singleField}${several.includes(name) ? 'es' : ''}`;
  return [invalid(field, name, `the Ingress has no rule with the Service "${service}" as backend`)];
}

/** Names of the Services behind the rules; a backend may also be a resource, and a rule may have no paths. */
function backendServices(ingress: KubeObject): readonly unknown[] {
  return listOf(recordOf(ingress['spec'])['rules']).flatMap((rule) =>
    listOf(recordOf(recordOf(rule)['http'])['paths']).map(
      (path) => recordOf(recordOf(recordOf(path)['backend'])['service'])['name'],
    ),
  );
}
