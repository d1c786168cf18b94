import { isDeepStrictEqual } from 'node:util';

import type { AnalysisRunArgument } from '../../src/api/analysis-reference.ts';
import type { AnalysisTemplate } from '../../src/api/analysis-template.ts';
import { distinctErrors, type FieldErrors } from '../../src/api/field-error.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import { validateAnalysisReference } from '../../src/api/validate-analysis-reference.ts';
import { validateIngressReference } from '../../src/api/validate-ingress-reference.ts';
import { validateMappingReference, validateVirtualRouterReference } from '../../src/api/validate-mesh-objects.ts';
import { validateRollout } from '../../src/api/validate-rollout.ts';
import { validateRouterConfig } from '../../src/api/validate-router-config.ts';
import { validateServiceReference } from '../../src/api/validate-service-reference.ts';
import { validateVirtualServiceReference } from '../../src/api/validate-virtual-service.ts';
import { unreachable } from '../../src/base/invariant.ts';
import { pluginCapabilities, routerCapabilities } from '../api/router-capabilities.ts';
import { validationDifferences, type ValidationInput } from './differences-validation.ts';

/** The input of a case of validation.json. */
export interface ValidationCaseInput extends ValidationInput {
  readonly kind: 'rollout' | 'routerConfig' | 'references';
  readonly rollout: Rollout;
  readonly templateResolvedFromRef?: boolean;
  readonly referenced?: Referenced;
}

interface Referenced {
  readonly services?: readonly { readonly type: string; readonly service: KubeObject }[];
  readonly analysisTemplates?: readonly {
    readonly type: string;
    readonly stepIndex?: number;
    readonly args?: readonly AnalysisRunArgument[];
    readonly templates: readonly AnalysisTemplate[];
  }[];
  readonly ingresses?: readonly KubeObject[];
  readonly virtualServices?: readonly KubeObject[];
  readonly ambassadorMappings?: readonly KubeObject[];
  readonly appMeshResources?: readonly KubeObject[];
}

/** The expected part of a case of validation.json. */
export interface ValidationExpected {
  readonly errors?: FieldErrors;
  readonly panic?: boolean;
}

/** Kinds of checks that a case may ask for. */
export const validationKinds: readonly string[] = ['rollout', 'routerConfig', 'references'];

/** Validates what a case describes. */
export function runValidation(input: ValidationCaseInput): FieldErrors {
  const rollout: Rollout = { ...input.rollout, spec: (input.rollout as Partial<Rollout>).spec ?? {} };
  const { spec } = rollout;
  switch (input.kind) {
    case 'rollout': {
      const plugins = Object.keys(spec.strategy?.canary?.trafficRouting?.plugins ?? {});
      const routers = {
        ...routerCapabilities,
        ...Object.fromEntries(plugins.map((name) => [name, pluginCapabilities])),
      };
      return validateRollout(rollout, { routers, templateFromWorkload: input.templateResolvedFromRef ?? false });
    }
    case 'routerConfig':
      return validateRouterConfig(rollout);
    case 'references':
      return validateReferenced(rollout, input.referenced ?? {});
    default:
      return unreachable(input.kind);
  }
}

/** Which errors are wanted instead of ours and the recorded ones, and the differences that say so. */
export function wantedErrors(
  input: ValidationCaseInput,
  { errors: recorded = [], panic }: ValidationExpected,
  actual: FieldErrors,
): { readonly wanted: FieldErrors; readonly used: readonly string[] } {
  // Where the reference crashes it is enough that ours answers.
  if (panic === true) return { wanted: actual, used: [] };
  let wanted = recorded;
  const used: string[] = [];
  for (const { name, applies, expect } of validationDifferences) {
    const next = applies(input, recorded) ? expect(wanted, actual) : wanted;
    if (!isDeepStrictEqual(errorPlaces(next), errorPlaces(wanted))) used.push(name);
    wanted = next;
  }
  return { wanted, used };
}

/** Field and type of each error, in an order of their own: order and texts are free. */
export function errorPlaces(errors: FieldErrors): readonly string[] {
  return errors.map(({ field, type }) => `${field} ${type}`).toSorted();
}

function validateReferenced(rollout: Rollout, referenced: Referenced): FieldErrors {
  return distinctErrors([
    ...(referenced.services ?? []).flatMap(({ type, service }) => validateServiceReference(rollout, type, service)),
    ...(referenced.analysisTemplates ?? []).flatMap(({ type, stepIndex, args, templates }) =>
      validateAnalysisReference(rollout, { role: type, stepIndex, args, templates }),
    ),
    ...(referenced.ingresses ?? []).flatMap((ingress) => validateIngressReference(rollout, ingress)),
    ...(referenced.virtualServices ?? []).flatMap((object) => validateVirtualServiceReference(rollout, object)),
    ...(referenced.ambassadorMappings ?? []).flatMap(validateMappingReference),
    ...(referenced.appMeshResources ?? []).flatMap(validateVirtualRouterReference),
  ]);
}
