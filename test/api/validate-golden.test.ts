import assert from 'node:assert/strict';
import test from 'node:test';

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
import { validationDifferences, type ValidationInput } from '../golden/differences-validation.ts';
import { readGolden } from '../golden/read-golden.ts';
import { pluginCapabilities, routerCapabilities } from './router-capabilities.ts';

interface Input extends ValidationInput {
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

interface Expected {
  readonly errors: FieldErrors;
  readonly panic?: boolean;
}

function validate(input: Input): FieldErrors {
  switch (input.kind) {
    case 'rollout': {
      const plugins = Object.keys(input.rollout.spec.strategy?.canary?.trafficRouting?.plugins ?? {});
      const routers = {
        ...routerCapabilities,
        ...Object.fromEntries(plugins.map((name) => [name, pluginCapabilities])),
      };
      return validateRollout(input.rollout, { routers, templateFromWorkload: input.templateResolvedFromRef ?? false });
    }
    case 'routerConfig':
      return validateRouterConfig(input.rollout);
    case 'references':
      return validateReferenced(input.rollout, input.referenced ?? {});
    default:
      return unreachable(input.kind);
  }
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

function places(errors: FieldErrors): readonly string[] {
  return errors.map(({ field, type }) => `${field} ${type}`).toSorted();
}

for (const { name, input, expected } of readGolden<Input, Expected>('validation.json')) {
  test(`validation, ${name}`, () => {
    const actual = validate(input);
    // Where the reference crashes it is enough that ours answers.
    if (expected.panic === true) return;
    const wanted = validationDifferences
      .filter(({ applies }) => applies(input, expected.errors))
      .reduce((errors, { expect }) => expect(errors, actual), expected.errors);
    assert.deepEqual(places(actual), places(wanted), JSON.stringify(actual, undefined, 1));
    for (const { detail } of actual) assert.ok(detail.length > 5, 'every error says what would be right');
  });
}
