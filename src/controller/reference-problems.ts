import type { AnalysisTemplate } from '../api/analysis-template.ts';
import { fieldErrorMessage } from '../api/field-error.ts';
import { apiVersionOf } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import { rolloutReferences, type AnalysisReference } from '../api/rollout-reference.ts';
import { validateReferences, type ReferenceFinder } from '../api/validate-references.ts';
import { resolveRun } from '../engine/resolve-run.ts';
import type { SpecProblem } from '../engine/world.ts';
import type { RouterTarget } from '../providers/traffic/contract.ts';
import type { Caches } from './caches.ts';
import { stepExperimentProblems } from './experiments/step-experiment-problems.ts';
import { observeTemplates } from './observe.ts';
import type { ObservedRollout } from './rollout-projector.ts';
import type { ConfiguredRouter } from './routers.ts';

/** What is wrong with what a Rollout refers to: it is missing, or does not fit. From the caches alone. */
export function referenceProblems(
  rollout: ObservedRollout,
  routers: readonly ConfiguredRouter[],
  caches: Caches,
): readonly SpecProblem[] {
  const { name, namespace, uid, annotations, labels, spec, templateLabels } = rollout;
  const whole = {
    apiVersion: apiVersionOf(resourceTypes.rollout),
    kind: resourceTypes.rollout.kind,
    metadata: { name, namespace, uid, annotations, labels },
    spec: { ...spec, template: { metadata: { labels: templateLabels } } },
  };
  const errors = validateReferences(whole, finder(namespace, caches)).map((error): SpecProblem => ({
    field: error.field,
    message: fieldErrorMessage(error),
  }));
  return [
    ...errors,
    // Where the templates themselves are wrong there is no run to look at.
    ...(errors.length === 0 ? runProblems(rollout, rolloutReferences(whole).analyses, caches) : []),
    ...stepExperimentProblems(rollout, caches),
    ...routers.flatMap((router) => missingTargets(router, caches)),
  ];
}

/** Why a run could not be made: templates in a circle, arguments that speak of what the Rollout does not have. */
function runProblems(
  rollout: ObservedRollout,
  analyses: readonly AnalysisReference[],
  caches: Caches,
): readonly SpecProblem[] {
  if (analyses.length === 0) return [];
  const templates = observeTemplates(rollout, caches);
  const stableHash = rollout.status.stableRS ?? '';
  const subject = { rollout, stableHash, latestHash: rollout.templateHash, isAhead: true };
  return analyses.flatMap(({ field, ...analysis }) => {
    const run = resolveRun(analysis, templates, subject);
    return run.ok ? [] : run.error.map((message) => ({ field, message }));
  });
}

function finder(namespace: string, caches: Caches): ReferenceFinder {
  return {
    service: ({ name }) => caches.services.get(namespace, name)?.object,
    analysisTemplate: ({ templateName = '', clusterScope = false }) => {
      const type = clusterScope ? resourceTypes.clusterAnalysisTemplate : resourceTypes.analysisTemplate;
      const spec = clusterScope
        ? caches.clusterAnalysisTemplates.get('', templateName)
        : caches.analysisTemplates.get(namespace, templateName);
      if (spec === undefined) return undefined;
      const found: AnalysisTemplate = {
        apiVersion: apiVersionOf(type),
        kind: type.kind,
        metadata: { name: templateName },
        spec,
      };
      return found;
    },
    // Objects of routers are looked for by the routers' own targets below.
    routerObject: () => 'unknown',
  };
}

/** Router objects that the user has to make and that are not there. */
function missingTargets({ name, targets }: ConfiguredRouter, caches: Caches): readonly SpecProblem[] {
  return targets.flatMap((target) => {
    if (target.kind !== 'named' || target.optional) return [];
    if (caches.routerObjects(target.type).get(target.namespace, target.name) !== undefined) return [];
    return [{ field: `spec.strategy.canary.trafficRouting (${name})`, message: missingTargetText(target) }];
  });
}

/** What is said about a router object that is not there. */
export function missingTargetText({ type, name, namespace }: Extract<RouterTarget, { kind: 'named' }>): string {
  return `${type.kind} "${name}" does not exist in namespace ${namespace}`;
}
