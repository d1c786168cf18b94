import { resolveTemplates } from '../../analysis/resolve-templates.ts';
import type { AnalysisTemplateSpec } from '../../api/analysis-template.ts';
import type { ExperimentStep, ExperimentStepAnalysis } from '../../api/canary-step.ts';
import { resolveArguments } from '../../engine/resolve-run.ts';
import { templateKey, type RolloutView, type SpecProblem } from '../../engine/world.ts';
import type { Caches } from '../caches.ts';
import { findTemplates } from '../observe.ts';

/** What is wrong with the analyses of experiment steps: a template is missing, or arguments do not fit. */
export function stepExperimentProblems(rollout: RolloutView, caches: Caches): readonly SpecProblem[] {
  return experimentProblems(rollout, (analysis) => findTemplates(rollout.namespace, [analysis], caches));
}

/** The templates of an analysis and those that they name, by `templateKey`; undefined when they cannot be known. */
export type TemplateFinder = (
  analysis: ExperimentStepAnalysis,
) => ReadonlyMap<string, AnalysisTemplateSpec> | undefined;

/** The same with the templates from wherever they are. */
export function experimentProblems(rollout: RolloutView, templatesOf: TemplateFinder): readonly SpecProblem[] {
  return stepExperiments(rollout).flatMap(({ experiment, stepIndex }) =>
    (experiment.analyses ?? []).flatMap((analysis, index) => {
      const field = `spec.strategy.canary.steps[${stepIndex}].experiment.analyses[${index}]`;
      const templates = templatesOf(analysis);
      if (templates === undefined) return [];
      return analysisProblems(analysis, rollout, templates).map((message) => ({ field, message }));
    }),
  );
}

/** The experiment steps of a Rollout. */
export function stepExperiments({
  spec,
}: RolloutView): readonly { readonly experiment: ExperimentStep; readonly stepIndex: number }[] {
  return (spec.strategy?.canary?.steps ?? []).flatMap(({ experiment }, stepIndex) =>
    experiment === undefined ? [] : [{ experiment, stepIndex }],
  );
}

function analysisProblems(
  analysis: ExperimentStepAnalysis,
  rollout: RolloutView,
  templates: ReadonlyMap<string, AnalysisTemplateSpec>,
): readonly string[] {
  const { templateName, clusterScope = false } = analysis;
  if (!templates.has(templateKey(templateName, clusterScope))) {
    return [`there is no ${clusterScope ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate'} "${templateName}"`];
  }
  const args = resolveArguments(analysis.args ?? [], {
    rollout,
    stableHash: rollout.status.stableRS ?? '',
    latestHash: rollout.templateHash,
    isAhead: true,
  });
  if (!args.ok) return args.error;
  const run = resolveTemplates({ templates: [analysis], args: args.value }, (reference) =>
    templates.get(templateKey(reference.templateName ?? '', reference.clusterScope ?? false)),
  );
  return run.ok ? [] : run.error;
}
