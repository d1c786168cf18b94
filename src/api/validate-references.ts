import { unreachable } from '../base/invariant.ts';
import type { AnalysisTemplateReference } from './analysis-reference.ts';
import type { AnalysisTemplate } from './analysis-template.ts';
import { distinctErrors, invalid, type FieldErrors } from './field-error.ts';
import type { KubeObject } from './object.ts';
import {
  rolloutReferences,
  type AnalysisReference,
  type RouterObjectReference,
  type ServiceReference,
} from './rollout-reference.ts';
import type { Rollout } from './rollout.ts';
import { validateAnalysisReference } from './validate-analysis-reference.ts';
import { validateIngressReference } from './validate-ingress-reference.ts';
import { validateMappingReference } from './validate-mesh-objects.ts';
import { validateRouterConfig } from './validate-router-config.ts';
import { validateServiceReference } from './validate-service-reference.ts';
import { validateVirtualServiceReference } from './validate-virtual-service.ts';

/** Templates name templates at most this deep. */
const templateDepthMax = 10;

/** Finds what a Rollout refers to; undefined when it does not exist. */
export interface ReferenceFinder {
  readonly service: (reference: ServiceReference) => KubeObject | undefined;
  readonly analysisTemplate: (reference: AnalysisTemplateReference) => AnalysisTemplate | undefined;
  /** `unknown` when it cannot be told whether the object exists; it is not checked then. */
  readonly routerObject: (reference: RouterObjectReference) => KubeObject | 'unknown' | undefined;
}

/**
 * Checks everything that a Rollout refers to: that it exists, that it fits, and that each router is told its object in
 * one way. The Rollout itself is checked by `validateRollout`.
 */
export function validateReferences(rollout: Rollout, find: ReferenceFinder): FieldErrors {
  const references = rolloutReferences(rollout);
  return distinctErrors([
    ...validateRouterConfig(rollout),
    ...references.services.flatMap((reference) => {
      const service = find.service(reference);
      return service === undefined
        ? [invalid(reference.field, reference.name, 'there is no Service of this name')]
        : validateServiceReference(rollout, reference.role, service);
    }),
    ...references.analyses.flatMap((reference) => validateAnalysis(rollout, reference, find)),
    ...references.routerObjects.flatMap((reference) => validateRouterObject(rollout, reference, find)),
  ]);
}

function validateAnalysis(rollout: Rollout, reference: AnalysisReference, find: ReferenceFinder): FieldErrors {
  const templates = new Map<string, AnalysisTemplate>();
  const missing = collectTemplates(reference.templates, find, templates, 0);
  if (missing.length > 0) return missing.map((text) => invalid(reference.field, text, 'there is no such template'));
  if (templates.size === 0) return [invalid(reference.field, [], 'name at least one template')];
  const { role, stepIndex, args } = reference;
  return validateAnalysisReference(rollout, { role, stepIndex, args, templates: [...templates.values()] });
}

/** Adds the named templates and those that they name; returns those that do not exist. */
function collectTemplates(
  references: readonly AnalysisTemplateReference[],
  find: ReferenceFinder,
  found: Map<string, AnalysisTemplate>,
  depth: number,
): readonly string[] {
  if (depth > templateDepthMax) return [`templates nested more than ${templateDepthMax} deep`];
  return references.flatMap((reference) => {
    const kind = reference.clusterScope === true ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
    const key = `${kind} ${reference.templateName ?? ''}`;
    if (found.has(key)) return [];
    const template = find.analysisTemplate(reference);
    if (template === undefined) return [key];
    found.set(key, template);
    return collectTemplates(template.spec.templates ?? [], find, found, depth + 1);
  });
}

function validateRouterObject(rollout: Rollout, reference: RouterObjectReference, find: ReferenceFinder): FieldErrors {
  const object = find.routerObject(reference);
  const { kind, field, name } = reference;
  if (object === 'unknown') return [];
  if (object === undefined) return [invalid(field, name, `there is no ${kind} of this name`)];
  switch (kind) {
    case 'Ingress':
      return validateIngressReference(rollout, object);
    case 'VirtualService':
      return validateVirtualServiceReference(rollout, object);
    case 'Mapping':
      return validateMappingReference(object);
    default:
      return unreachable(kind);
  }
}
