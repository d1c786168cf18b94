import { invalid, type FieldErrors } from './field-error.ts';
import { recordOf, textMapOf } from './json-access.ts';
import type { KubeObject } from './object.ts';
import { hashLabel } from './pod-template-hash.ts';
import { serviceField } from './rollout-reference.ts';
import type { Rollout } from './rollout.ts';

const managedBy = 'argo-rollouts.argoproj.io/managed-by-rollouts';

/** Checks that a Service selects the pods of the Rollout and belongs to no other Rollout. */
export function validateServiceReference(rollout: Rollout, role: string, service: KubeObject): FieldErrors {
  const field = serviceField(role);
  if (field === undefined) return [];
  const { name } = service.metadata;
  const labels = { ...rollout.spec.template?.metadata?.labels };
  const roleLabels = labelsOfRole(rollout, role);
  const owner = textMapOf(service.metadata.annotations)[managedBy];
  return [
    ...Object.entries(textMapOf(recordOf(service['spec'])['selector'])).flatMap(([key, value]) =>
      key === hashLabel || labels[key] === value || roleLabels[key] === value
        ? []
        : [invalid(field, name, `its selector wants ${key}=${value}, which the pods of this Rollout do not have`)],
    ),
    ...(owner !== undefined && owner !== rollout.metadata.name
      ? [invalid(field, name, `it is managed by the Rollout "${owner}"; each Service serves one Rollout`)]
      : []),
  ];
}

/** Labels that pods get only while they are on one side of the rollout. */
function labelsOfRole(rollout: Rollout, role: string): Readonly<Record<string, string>> {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  const sides = new Map([
    ['StableService', canary?.stableMetadata],
    ['CanaryService', canary?.canaryMetadata],
    ['ActiveService', blueGreen?.activeMetadata],
    ['PreviewService', blueGreen?.previewMetadata],
  ]);
  return sides.get(role)?.labels ?? {};
}
