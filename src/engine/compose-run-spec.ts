import type { AnalysisRunArgument, Argument, RolloutAnalysis } from '../api/analysis-reference.ts';
import type { AnalysisRunSpec } from '../api/analysis-run.ts';
import type { AnalysisTemplateSpec } from '../api/analysis-template.ts';
import { fail, succeed, type Result } from '../base/result.ts';
import { templateKey, type RolloutView, type World } from './world.ts';

/** What the arguments of a run may speak of. */
export interface RunSubject {
  readonly rollout: RolloutView;
  readonly stableHash: string;
  readonly latestHash: string;
}

/** Templates may name templates; deeper than this is a mistake. */
const templateDepthMax = 10;

/**
 * The specification of a run for an analysis that a Rollout asks for: the metrics of all its templates, and the
 * arguments of the Rollout before the defaults of the templates. Fails with what is missing or given twice.
 */
export function composeRunSpec(
  analysis: RolloutAnalysis,
  templates: World['templates'],
  subject: RunSubject,
): Result<AnalysisRunSpec, string> {
  const specs: AnalysisTemplateSpec[] = [];
  const problem = collect(analysis.templates ?? [], templates, specs, 0);
  if (problem !== undefined) return fail(problem);
  const metrics = specs.flatMap((spec) => spec.metrics ?? []);
  const twice = metrics.find(({ name }, index) => metrics.findIndex((metric) => metric.name === name) !== index);
  if (twice !== undefined) return fail(`two templates have a metric "${twice.name}"`);
  const args = composeArguments(analysis.args ?? [], specs, subject);
  if (!args.ok) return args;
  return succeed({
    metrics,
    ...(args.value.length === 0 ? {} : { args: args.value }),
    ...nonEmpty('dryRun', [...specs.flatMap(({ dryRun = [] }) => dryRun), ...(analysis.dryRun ?? [])]),
    ...nonEmpty('measurementRetention', [
      ...specs.flatMap(({ measurementRetention = [] }) => measurementRetention),
      ...(analysis.measurementRetention ?? []),
    ]),
  });
}

function collect(
  references: NonNullable<RolloutAnalysis['templates']>,
  templates: World['templates'],
  specs: AnalysisTemplateSpec[],
  depth: number,
): string | undefined {
  if (depth > templateDepthMax) return `templates name each other more than ${templateDepthMax} deep`;
  for (const { templateName = '', clusterScope = false } of references) {
    const key = templateKey(templateName, clusterScope);
    const spec = templates.get(key);
    if (spec === undefined) return `${key} does not exist`;
    if (specs.includes(spec)) continue;
    specs.push(spec);
    const problem = collect(spec.templates ?? [], templates, specs, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function composeArguments(
  given: readonly AnalysisRunArgument[],
  specs: readonly AnalysisTemplateSpec[],
  subject: RunSubject,
): Result<readonly Argument[], string> {
  const composed = new Map<string, Argument>();
  for (const argument of given) {
    const value = valueOf(argument, subject);
    if (!value.ok) return value;
    composed.set(argument.name, { name: argument.name, value: value.value });
  }
  for (const argument of specs.flatMap((spec) => spec.args ?? [])) {
    const present = composed.get(argument.name);
    if (present?.value !== undefined || present?.valueFrom !== undefined) continue;
    composed.set(argument.name, argument);
  }
  const open = [...composed.values()].find(({ value, valueFrom }) => value === undefined && valueFrom === undefined);
  if (open !== undefined) return fail(`argument "${open.name}" has no value; give it one in the Rollout`);
  return succeed([...composed.values()]);
}

function valueOf({ name, value, valueFrom }: AnalysisRunArgument, subject: RunSubject): Result<string, string> {
  if (value !== undefined) return succeed(value);
  if (valueFrom?.podTemplateHashValue === 'Stable') return succeed(subject.stableHash);
  if (valueFrom?.podTemplateHashValue === 'Latest') return succeed(subject.latestHash);
  const path = valueFrom?.fieldRef?.fieldPath;
  if (path === undefined) return fail(`argument "${name}" has neither value nor valueFrom`);
  const found = readField(path, subject.rollout);
  return found === undefined ? fail(`argument "${name}": the Rollout has no field ${path}`) : succeed(found);
}

/** Reads `metadata.name`, `metadata.labels['x']`, or any path below spec and status, as text. */
function readField(
  path: string,
  { name, namespace, uid, labels, annotations, spec, status }: RolloutView,
): string | undefined {
  const root: unknown = { metadata: { name, namespace, uid, labels, annotations }, spec, status };
  let value = root;
  for (const [, plain, quoted] of path.matchAll(/([A-Za-z0-9_-]+)|\['([^']*)'\]/g)) {
    const key = quoted ?? plain ?? '';
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function nonEmpty<Field extends string, Item>(
  field: Field,
  items: readonly Item[],
): { [Key in Field]?: readonly Item[] } {
  return (items.length === 0 ? {} : { [field]: items }) as { [Key in Field]?: readonly Item[] };
}
