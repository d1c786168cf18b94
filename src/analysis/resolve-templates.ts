import type { AnalysisTemplateReference, Argument, DryRun, MeasurementRetention } from '../api/analysis-reference.ts';
import type { AnalysisRunSpec } from '../api/analysis-run.ts';
import type { AnalysisTemplateSpec } from '../api/analysis-template.ts';
import { fail, succeed, type Result } from '../base/result.ts';

/** What a run is asked to do. */
export interface AnalysisRequest {
  readonly templates: readonly AnalysisTemplateReference[];
  /**
   * Arguments with a value, or with a source that is read when the run is prepared. They go before the templates' own.
   */
  readonly args?: readonly Argument[] | undefined;
  readonly dryRun?: readonly DryRun[] | undefined;
  readonly measurementRetention?: readonly MeasurementRetention[] | undefined;
}

/** Finds a template; undefined when it does not exist. */
export type FindTemplate = (reference: AnalysisTemplateReference) => AnalysisTemplateSpec | undefined;

/**
 * The specification of a run from its templates and those that they name in turn: all metrics, which must have
 * different names, and all arguments with the values they are given, else with the templates' own. An argument that no
 * template declares is left out. A template that is named twice counts once. Fails with everything that is wrong, each
 * with names.
 */
export function resolveTemplates(
  request: AnalysisRequest,
  find: FindTemplate,
): Result<AnalysisRunSpec, readonly string[]> {
  const collected = collectTemplates(request.templates, find);
  if (!collected.ok) return fail([collected.error]);
  const templates = collected.value;
  const args = mergeArguments(templates, request.args ?? []);
  const dryRun = [...templates.flatMap(({ spec }) => spec.dryRun ?? []), ...(request.dryRun ?? [])];
  const retention = [
    ...templates.flatMap(({ spec }) => spec.measurementRetention ?? []),
    ...(request.measurementRetention ?? []),
  ];
  const problems = [
    ...args.problems,
    ...metricConflicts(templates),
    ...repeated(dryRun).map((name) => `dryRun has two rules for "${name}"`),
    ...repeated(retention).map((name) => `measurementRetention has two rules for "${name}"`),
  ];
  if (problems.length > 0) return fail(problems);
  return succeed({
    metrics: templates.flatMap(({ spec }) => spec.metrics ?? []),
    ...(args.merged.length === 0 ? {} : { args: args.merged }),
    ...(dryRun.length === 0 ? {} : { dryRun }),
    ...(retention.length === 0 ? {} : { measurementRetention: retention }),
  });
}

/** A template and what messages call it. */
interface NamedTemplate {
  readonly label: string;
  readonly spec: AnalysisTemplateSpec;
}

/** A run that needs more templates than this is a mistake. */
const templateCountMax = 100;

function collectTemplates(
  references: readonly AnalysisTemplateReference[],
  find: FindTemplate,
): Result<readonly NamedTemplate[], string> {
  const collected = new Map<string, NamedTemplate>();

  const visit = (reference: AnalysisTemplateReference, path: readonly string[]): string | undefined => {
    const label = labelOf(reference);
    if (path.includes(label)) return `templates refer to each other in a circle: ${[...path, label].join(' → ')}`;
    if (collected.has(label)) return undefined;
    const spec = find(reference);
    if (spec === undefined) return `${label} does not exist${path.length === 0 ? '' : `; ${path.at(-1)} refers to it`}`;
    collected.set(label, { label, spec });
    if (collected.size > templateCountMax) return `one analysis cannot have more than ${templateCountMax} templates`;
    return visitAll(spec.templates ?? [], [...path, label]);
  };

  const visitAll = (all: readonly AnalysisTemplateReference[], path: readonly string[]): string | undefined => {
    for (const reference of all) {
      const problem = visit(reference, path);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };

  const problem = visitAll(references, []);
  return problem === undefined ? succeed([...collected.values()]) : fail(problem);
}

function labelOf({ templateName = '', clusterScope }: AnalysisTemplateReference): string {
  return `${clusterScope === true ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate'} "${templateName}"`;
}

function metricConflicts(templates: readonly NamedTemplate[]): readonly string[] {
  const owners = new Map<string, string>();
  return templates.flatMap(({ label, spec }) =>
    (spec.metrics ?? []).flatMap(({ name }) => {
      const owner = owners.get(name);
      owners.set(name, label);
      if (owner === undefined) return [];
      return [`two metrics have the name "${name}": one of ${owner} and one of ${label}`];
    }),
  );
}

function repeated(rules: readonly { readonly metricName: string }[]): readonly string[] {
  const names = rules.map(({ metricName }) => metricName);
  return [...new Set(names.filter((name, index) => names.indexOf(name) < index))];
}

function mergeArguments(
  templates: readonly NamedTemplate[],
  given: readonly Argument[],
): { readonly merged: readonly Argument[]; readonly problems: readonly string[] } {
  const declared = new Map<string, Argument>();
  const problems: string[] = [];
  for (const argument of templates.flatMap(({ spec }) => spec.args ?? [])) {
    const earlier = declared.get(argument.name);
    if (earlier !== undefined && isContradicting(earlier, argument)) {
      problems.push(`the argument "${argument.name}" has different values: "${earlier.value}" and "${argument.value}"`);
    }
    if (earlier === undefined || !isSupplied(earlier)) declared.set(argument.name, argument);
  }
  const merged = [...declared.values()].map((argument) => given.find((one) => overrides(one, argument)) ?? argument);
  const open = merged.filter((argument) => !isSupplied(argument)).map(({ name }) => name);
  return { merged, problems: [...problems, ...open.map((name) => `the argument "${name}" has no value`)] };
}

function isContradicting(earlier: Argument, later: Argument): boolean {
  return earlier.value !== undefined && later.value !== undefined && earlier.value !== later.value;
}

function isSupplied({ value, valueFrom }: Argument): boolean {
  return value !== undefined || valueFrom !== undefined;
}

function overrides(given: Argument, declared: Argument): boolean {
  return given.name === declared.name && isSupplied(given);
}
