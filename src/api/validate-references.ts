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

/** What was found: an object, nothing, or `unknown` when it cannot be told; what is unknown is not checked. */
export type Found<Kind> = Kind | 'unknown' | undefined;

/** Finds what a Rollout refers to. */
export interface ReferenceFinder {
  readonly service: (reference: ServiceReference) => Found<KubeObject>;
  readonly analysisTemplate: (reference: AnalysisTemplateReference) => Found<AnalysisTemplate>;
  readonly routerObject: (reference: RouterObjectReference) => Found<KubeObject>;
}

/**
 * Checks everything that a Rollout refers to: that it exists, that it fits, and that each router is told its object in
 * one way. The Rollout itself is checked by `validateRollout`.
 */
export function validateReferences(rollout: Rollout, find: ReferenceFinder): FieldErrors {
  const references = rolloutReferences(rollout);
  return distinctErrors([
    ...validateRouterConfig(rollout),
    ...references.services.flatMap((reference) => validateService(rollout, reference, find)),
    ...references.analyses.flatMap((reference) => validateAnalysis(rollout, reference, find)),
    ...references.routerObjects.flatMap((reference) => validateRouterObject(rollout, reference, find)),
  ]);
}

function validateService(rollout: Rollout, reference: ServiceReference, find: ReferenceFinder): FieldErrors {
  const service = find.service(reference);
  if (service === 'unknown') return [];
  return service === undefined
    ? [invalid(reference.field, reference.name, 'there is no Service of this name')]
    : validateServiceReference(rollout, reference.role, service);
}

function validateAnalysis(rollout: Rollout, reference: AnalysisReference, find: ReferenceFinder): FieldErrors {
  const { role, stepIndex, args } = reference;
  const search: TemplateSearch = { templates: new Map(), missing: [], hasUnknown: false };
  collectTemplates(reference.templates, find, search, 0);
  if (search.missing.length > 0) {
    return search.missing.map((text) => invalid(reference.field, text, 'there is no such template'));
  }
  // With some templates out of sight nothing can be said about how they fit together.
  if (search.hasUnknown) return [];
  const templates = [...search.templates.values()];
  if (templates.length === 0) return [invalid(reference.field, [], 'name at least one template')];
  return validateAnalysisReference(rollout, { role, stepIndex, args, templates });
}

interface TemplateSearch {
  readonly templates: Map<string, AnalysisTemplate>;
  readonly missing: string[];
  hasUnknown: boolean;
}

/** Adds the named templates and those that they name. */
function collectTemplates(
  references: readonly AnalysisTemplateReference[],
  find: ReferenceFinder,
  search: TemplateSearch,
  depth: number,
): void {
  if (depth > templateDepthMax) search.missing.push(`templates nested more than ${templateDepthMax} deep`);
  if (depth > templateDepthMax) return;
  for (const reference of references) {
    const kind = reference.clusterScope === true ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
    const key = `${kind} ${reference.templateName ?? ''}`;
    if (search.templates.has(key)) continue;
    const template = find.analysisTemplate(reference);
    if (template === undefined) {
      search.missing.push(key);
    } else if (template === 'unknown') {
      search.hasUnknown = true;
    } else {
      search.templates.set(key, template);
      collectTemplates(template.spec.templates ?? [], find, search, depth + 1);
    }
  }
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
