import { resolveTemplates } from '../analysis/resolve-templates.ts';
import type { AnalysisRunArgument, Argument, RolloutAnalysis } from '../api/analysis-reference.ts';
import type { AnalysisRunSpec } from '../api/analysis-run.ts';
import { fail, succeed, type Result } from '../base/result.ts';
import { templateKey, type RolloutView, type World } from './world.ts';

/** What the arguments of a run may speak of. */
export interface RunSubject {
  readonly rollout: RolloutView;
  readonly stableHash: string;
  readonly latestHash: string;
}

/**
 * The specification of a run for an analysis that a Rollout asks for: its templates together, with the arguments of the
 * Rollout. Fails with everything that is wrong.
 */
export function resolveRun(
  analysis: Pick<RolloutAnalysis, 'templates' | 'args' | 'dryRun' | 'measurementRetention'>,
  templates: World['templates'],
  subject: RunSubject,
): Result<AnalysisRunSpec, readonly string[]> {
  const args = resolveArguments(analysis.args ?? [], subject);
  if (!args.ok) return args;
  const { templates: references = [], dryRun, measurementRetention } = analysis;
  return resolveTemplates(
    { templates: references, args: args.value, dryRun, measurementRetention },
    ({ templateName = '', clusterScope = false }) => templates.get(templateKey(templateName, clusterScope)),
  );
}

/** The arguments with the values that only the Rollout knows. */
export function resolveArguments(
  given: readonly AnalysisRunArgument[],
  subject: RunSubject,
): Result<readonly Argument[], readonly string[]> {
  const values = given.map((argument) => ({ name: argument.name, value: valueOf(argument, subject) }));
  const problems = values.flatMap(({ value }) => (value.ok ? [] : [value.error]));
  if (problems.length > 0) return fail(problems);
  return succeed(values.flatMap(({ name, value }) => (value.ok ? [{ name, value: value.value }] : [])));
}

function valueOf({ name, value, valueFrom }: AnalysisRunArgument, subject: RunSubject): Result<string, string> {
  if (value !== undefined) return succeed(value);
  if (valueFrom?.podTemplateHashValue === 'Stable') return succeed(subject.stableHash);
  if (valueFrom?.podTemplateHashValue === 'Latest') return succeed(subject.latestHash);
  const path = valueFrom?.fieldRef?.fieldPath;
  if (path === undefined) return fail(`the argument "${name}" has neither value nor valueFrom`);
  const found = readField(path, subject.rollout);
  return found === undefined ? fail(`the argument "${name}": the Rollout has no field ${path}`) : succeed(found);
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
