import type { AnalysisRunArgument, Argument } from './analysis-reference.ts';
import type { AnalysisTemplate, Metric } from './analysis-template.ts';
import { invalid, type FieldErrors } from './field-error.ts';
import { fillPlaceholders, hasPlaceholder } from './placeholder.ts';
import { analysisField } from './rollout-reference.ts';
import type { Rollout } from './rollout.ts';
import { unresolvedPlaceholders } from './validate-analysis.ts';

/** Templates that become one run, and the arguments that the Rollout gives them. */
export interface ReferencedAnalysis {
  /** An AnalysisRole; others are not checked. */
  readonly role: string;
  /** Index of the step for an inline analysis. */
  readonly stepIndex?: number | undefined;
  readonly args?: readonly AnalysisRunArgument[] | undefined;
  /** All templates, also those that the named ones name. */
  readonly templates: readonly AnalysisTemplate[];
}

/**
 * Checks that templates fit together and to the arguments of the Rollout. An analysis that the Rollout waits for must
 * come to an end by itself; only a background analysis may run as long as the update.
 */
export function validateAnalysisReference(rollout: Rollout, analysis: ReferencedAnalysis): FieldErrors {
  const field = analysisField(analysis.role, analysis.stepIndex);
  if (field === undefined) return [];
  const problem = combinationProblem(analysis);
  if (problem !== undefined) {
    const names = analysis.templates.map(({ metadata }) => metadata.name);
    return [invalid(field, `templates ${names.join(', ')}`, problem)];
  }
  return analysis.templates.flatMap((template) =>
    (analysis.role === 'BackgroundAnalysis'
      ? backgroundProblems(template, rollout)
      : finiteProblems(template, analysis.args ?? [])
    ).map((text) => invalid(field, template.metadata.name, text)),
  );
}

/** Why these templates cannot become one run. */
function combinationProblem({ templates, args = [] }: ReferencedAnalysis): string | undefined {
  const specs = templates.map(({ spec }) => spec);
  const metrics = repeated(specs.flatMap((spec) => (spec.metrics ?? []).map(({ name }) => name)));
  if (metrics !== undefined) return `two metrics have the name "${metrics}"`;
  for (const rule of ['dryRun', 'measurementRetention'] as const) {
    const twice = repeated(specs.flatMap((spec) => (spec[rule] ?? []).map(({ metricName }) => metricName)));
    if (twice !== undefined) return `two ${rule} rules are for "${twice}"`;
  }
  return argumentProblem(
    specs.flatMap((spec) => spec.args ?? []),
    args,
  );
}

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index);
}

function argumentProblem(declared: readonly Argument[], given: readonly AnalysisRunArgument[]): string | undefined {
  const values = new Map<string, string>();
  const resolved = new Set(given.map(({ name }) => name));
  for (const { name, value, valueFrom } of declared) {
    const earlier = values.get(name);
    if (earlier !== undefined && value !== undefined && earlier !== value) {
      return `the argument "${name}" has different values: "${earlier}" and "${value}"`;
    }
    if (value !== undefined) values.set(name, value);
    if (value !== undefined || valueFrom !== undefined) resolved.add(name);
  }
  const open = [...new Set(declared.map(({ name }) => name))].filter((name) => !resolved.has(name));
  return open.length === 0 ? undefined : `give a value to the argument ${open.join(', ')}`;
}

function backgroundProblems({ spec }: AnalysisTemplate, rollout: Rollout): readonly string[] {
  const given = rollout.spec.strategy?.canary?.analysis?.args?.map(({ name }) => name) ?? [];
  return (spec.args ?? [])
    .filter(({ name, value, valueFrom }) => value === undefined && valueFrom === undefined && !given.includes(name))
    .map(({ name }) => `give the argument "${name}" in spec.strategy.canary.analysis.args`);
}

function finiteProblems({ spec }: AnalysisTemplate, given: readonly AnalysisRunArgument[]): readonly string[] {
  const declared = spec.args ?? [];
  const metrics = spec.metrics ?? [];
  const double = declared.filter(({ value, valueFrom }) => value !== undefined && valueFrom !== undefined);
  const open = [...new Set(metrics.flatMap((metric) => unresolvedPlaceholders(metric, declared)))];
  if (double.length > 0) {
    return [`the argument ${double.map(({ name }) => `"${name}"`).join(', ')} has value and valueFrom; remove one`];
  }
  if (open.length > 0) return [`no argument fills ${open.map((tag) => `{{${tag}}}`).join(', ')}`];
  const values = knownValues(declared, given);
  return metrics
    .filter((metric) => isEndless(metric, values))
    .map(({ name }) => `the metric "${name}" has an interval but no count, so the step would never end; give count`);
}

/** Values by placeholder, as far as they stand in the manifests. */
function knownValues(
  declared: readonly Argument[],
  given: readonly AnalysisRunArgument[],
): ReadonlyMap<string, string> {
  return new Map(
    [...declared, ...given].flatMap(({ name, value }) =>
      value === undefined ? [] : [[`args.${name}`, value] as const],
    ),
  );
}

/** Without count a metric with an interval goes on for ever. Text that is no number counts as no count. */
function isEndless(metric: Metric, values: ReadonlyMap<string, string>): boolean {
  if ((metric.interval ?? '') === '') return false;
  const count = fillPlaceholders(String(metric.count ?? ''), values);
  return !hasPlaceholder(count) && (count === '' || !Number.isInteger(Number(count)) || Number(count) === 0);
}
