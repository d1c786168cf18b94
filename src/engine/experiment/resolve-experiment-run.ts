import { dryRunNames } from '../../analysis/metric-rules.ts';
import { resolveTemplates } from '../../analysis/resolve-templates.ts';
import type { Argument, DryRun } from '../../api/analysis-reference.ts';
import type { AnalysisRunSpec } from '../../api/analysis-run.ts';
import type { ExperimentAnalysis } from '../../api/experiment.ts';
import { fillPlaceholders, placeholdersIn } from '../../api/placeholder.ts';
import { formatInstant, parseInstant } from '../../base/instant.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { templateKey } from '../world.ts';
import { durationOf, type ExperimentSituation } from './experiment-situation.ts';

/**
 * The specification of the run of one analysis: its template and those that this one names, with the arguments of the
 * Experiment. Fails with everything that is wrong.
 */
export function resolveExperimentRun(
  analysis: ExperimentAnalysis,
  situation: ExperimentSituation,
): Result<AnalysisRunSpec, readonly string[]> {
  const args = resolveArguments(analysis.args ?? [], valuesOf(situation));
  if (!args.ok) return args;
  const { experiment, templates } = situation.world;
  const { dryRun = [], measurementRetention = [] } = experiment.spec;
  return resolveTemplates(
    {
      templates: [analysis],
      args: args.value,
      dryRun: rulesAbout(analysis, dryRun, situation),
      measurementRetention: rulesAbout(analysis, measurementRetention, situation),
    },
    ({ templateName = '', clusterScope = false }) => templates.get(templateKey(templateName, clusterScope)),
  );
}

function resolveArguments(
  given: readonly Argument[],
  values: ReadonlyMap<string, string>,
): Result<readonly Argument[], readonly string[]> {
  const problems = given.flatMap((argument) => argumentProblems(argument, values));
  if (problems.length > 0) return fail(problems);
  return succeed(
    given.map((argument) =>
      argument.value === undefined ? argument : { ...argument, value: fillPlaceholders(argument.value, values) },
    ),
  );
}

function argumentProblems({ name, value, valueFrom }: Argument, values: ReadonlyMap<string, string>): string[] {
  if (value === undefined) {
    return valueFrom?.fieldRef === undefined ? [] : [`the argument "${name}": an Experiment has no fields to take`];
  }
  return placeholdersIn(value)
    .filter((placeholder) => !values.has(placeholder))
    .map((placeholder) => `the argument "${name}": there is no value for {{${placeholder}}}`);
}

/** What arguments may speak of. */
function valuesOf({ templates, world }: ExperimentSituation): ReadonlyMap<string, string> {
  const { availableAt = '' } = world.experiment.status;
  const availableMs = parseInstant(availableAt);
  const durationMs = durationOf(world.experiment.spec.duration);
  return new Map([
    ...templates.flatMap(({ template, replicaSet }) =>
      replicaSet === undefined
        ? []
        : ([
            [`templates.${template.name}.podTemplateHash`, replicaSet.hash],
            [`templates.${template.name}.replicaset.name`, replicaSet.name],
          ] as const),
    ),
    ...(availableMs === undefined ? [] : [['experiment.availableAt', availableAt] as const]),
    ...(availableMs === undefined || durationMs === undefined
      ? []
      : [['experiment.finishedAt', formatInstant(availableMs + durationMs)] as const]),
  ]);
}

/**
 * The rules that are about this analysis. Those of an Experiment are about all its analyses together, and a rule that
 * matches no metric of a run would be an error; one that matches nowhere is kept, so that it is one.
 */
function rulesAbout<Rule extends DryRun>(
  analysis: ExperimentAnalysis,
  rules: readonly Rule[],
  { world }: ExperimentSituation,
): readonly Rule[] {
  const { analyses = [] } = world.experiment.spec;
  const matches = (rule: DryRun, one: ExperimentAnalysis): boolean =>
    dryRunNames({ metrics: metricsOf(one, world.templates), dryRun: [rule] }).size > 0;
  return rules.filter((rule) => matches(rule, analysis) || !analyses.some((one) => matches(rule, one)));
}

function metricsOf(
  analysis: ExperimentAnalysis,
  templates: ExperimentSituation['world']['templates'],
): AnalysisRunSpec['metrics'] {
  // Arguments do not change names, and what else is wrong is found by the caller.
  const open = [analysis as { readonly templateName?: string; readonly clusterScope?: boolean }];
  const seen = new Set<string>();
  const metrics: AnalysisRunSpec['metrics'][number][] = [];
  for (let reference = open.pop(); reference !== undefined; reference = open.pop()) {
    const key = templateKey(reference.templateName ?? '', reference.clusterScope ?? false);
    const spec = seen.has(key) ? undefined : templates.get(key);
    seen.add(key);
    metrics.push(...(spec?.metrics ?? []));
    open.push(...((spec?.templates ?? []) as typeof open));
  }
  return metrics;
}
