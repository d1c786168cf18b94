import type { AnalysisTemplateReference } from '../api/analysis-reference.ts';
import type { AnalysisTemplate, AnalysisTemplateSpec } from '../api/analysis-template.ts';
import { resourceSchemas } from '../api/crd.ts';
import type { Experiment } from '../api/experiment.ts';
import type { Json, KubeObject } from '../api/object.ts';
import { trafficWeightMax } from '../api/rollout-defaults.ts';
import { admit } from '../api/structural.ts';
import type { TrafficPlan } from '../api/traffic.ts';
import { managedRouteNames, routesAfter } from '../engine/managed-routes.ts';
import type { RolloutView, SpecProblem } from '../engine/world.ts';
import { problemText, type RouterTarget } from '../providers/traffic/contract.ts';
import { missingAnalyses } from './experiments/observe-experiment.ts';
import { experimentProblems } from './experiments/step-experiment-problems.ts';
import { collectTemplates } from './observe.ts';
import { projectRollout } from './project.ts';
import { missingTargetText } from './reference-problems.ts';
import { routersOf, type ConfiguredRouter, type RouterRegistry } from './routers.ts';

/** Where a manifest stands that names none; any other one that names none is there too. */
const namespaceDefault = 'default';

/**
 * What the controller would find wrong with the objects that a Rollout refers to, as far as they are in the same set:
 * router objects that are missing or that its traffic cannot be written to, and templates of experiments. Kinds of
 * which the set has none are kept somewhere else. Nothing for a Rollout whose form is wrong.
 */
export function offlineProblems(
  rollout: KubeObject,
  set: readonly KubeObject[],
  registry: RouterRegistry,
): readonly SpecProblem[] {
  const { value, errors } = admit(resourceSchemas.Rollout.schema, rollout as unknown as Json, { isResource: true });
  if (errors.length > 0) return [];
  const namespace = rollout.metadata.namespace ?? namespaceDefault;
  const admitted = value as unknown as KubeObject;
  const view = projectRollout({ ...admitted, metadata: { ...rollout.metadata, namespace } });
  const near = set.map((object) => inNamespace(object, rollout.metadata.namespace, namespace));
  return [
    ...routersOf(view, registry).flatMap((router) => routerProblems(router, view, near)),
    ...experimentProblems(view, ({ templateName, clusterScope = false }) =>
      templatesOf({ templateName, clusterScope }, namespace, near),
    ),
  ];
}

/** The same for an Experiment that stands alone: its analyses need their templates. */
export function offlineExperimentProblems(experiment: KubeObject, set: readonly KubeObject[]): readonly SpecProblem[] {
  const { value, errors } = admit(resourceSchemas.Experiment.schema, experiment as unknown as Json, {
    isResource: true,
  });
  if (errors.length > 0) return [];
  const { analyses = [] } = (value as unknown as Experiment).spec;
  const namespace = experiment.metadata.namespace ?? namespaceDefault;
  const near = set.map((object) => inNamespace(object, experiment.metadata.namespace, namespace));
  return analyses.flatMap((analysis, index) => {
    const templates = templatesOf(analysis, namespace, near);
    if (templates === undefined) return [];
    return missingAnalyses([analysis], templates).map(({ field, message }) => ({
      field: field.replace('[0]', `[${index}]`),
      message,
    }));
  });
}

/** Without namespaces in the manifests nothing is known to be elsewhere. */
function inNamespace(object: KubeObject, given: string | undefined, namespace: string): KubeObject {
  const isAnywhere = given === undefined || object.metadata.namespace === undefined;
  return isAnywhere ? { ...object, metadata: { ...object.metadata, namespace } } : object;
}

function routerProblems(
  router: ConfiguredRouter,
  view: RolloutView,
  set: readonly KubeObject[],
): readonly SpecProblem[] {
  const field = routerField(router.name, view);
  const wanted = router.targets.filter((target) => target.kind === 'selected' || !target.optional);
  const missing = wanted.filter((target) => !set.some((object) => isAt(object, target)));
  const isKept = ({ type }: RouterTarget): boolean => !set.some(({ kind }) => kind === type.kind);
  const absent = missing.flatMap((target) => (target.kind === 'named' && !isKept(target) ? [target] : []));
  if (absent.length > 0) return absent.map((target) => ({ field, message: missingTargetText(target) }));
  if (missing.length > 0) return [];
  const objects = set.filter((object) => router.targets.some((target) => isAt(object, target)));
  const written = router.write(objects, planOf(view));
  return written.ok ? [] : [{ field, message: problemText(written.error) }];
}

function routerField(name: string, { spec }: RolloutView): string {
  const at = 'spec.strategy.canary.trafficRouting';
  const { plugins = {} } = spec.strategy?.canary?.trafficRouting ?? {};
  return name in plugins ? `${at}.plugins[${name}]` : `${at}.${name}`;
}

function isAt(object: KubeObject, target: RouterTarget): boolean {
  if (object.kind !== target.type.kind || object.metadata.namespace !== target.namespace) return false;
  return target.kind === 'named' ? object.metadata.name === target.name : target.matches(object);
}

/** All traffic on the stable side, and every route that a step makes. */
function planOf(view: RolloutView): TrafficPlan {
  const { canaryService = '', stableService = '', pingPong, steps = [] } = view.spec.strategy?.canary ?? {};
  const weightMax = trafficWeightMax(view.spec);
  const makesRoute = steps.filter(
    ({ setHeaderRoute, setMirrorRoute }) => (setHeaderRoute?.match ?? setMirrorRoute?.match ?? []).length > 0,
  );
  return {
    destinations: [
      { role: 'canary', service: pingPong?.pongService ?? canaryService, hash: '', weight: 0 },
      { role: 'stable', service: pingPong?.pingService ?? stableService, hash: '', weight: weightMax },
    ],
    weightMax,
    ...routesAfter(makesRoute, managedRouteNames(view)),
    managedRoutes: managedRouteNames(view),
    inProgress: true,
  };
}

/** The template that is meant and those that it names; undefined when one of them may be kept somewhere else. */
function templatesOf(
  reference: AnalysisTemplateReference,
  namespace: string,
  set: readonly KubeObject[],
): ReadonlyMap<string, AnalysisTemplateSpec> | undefined {
  let areKnown = true;
  const templates = collectTemplates([reference], ({ templateName = '', clusterScope = false }) => {
    const kind = clusterScope ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
    const ofKind = set.filter((object) => object.kind === kind);
    const object = ofKind.find(
      ({ metadata }) => metadata.name === templateName && (clusterScope || metadata.namespace === namespace),
    );
    if (object === undefined) {
      areKnown &&= ofKind.length > 0;
      return undefined;
    }
    const { value, errors } = admit(resourceSchemas[kind].schema, object as unknown as Json, { isResource: true });
    areKnown &&= errors.length === 0;
    return (value as unknown as AnalysisTemplate).spec;
  });
  return areKnown ? templates : undefined;
}
