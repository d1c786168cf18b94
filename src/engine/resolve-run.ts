import { resolveTemplates } from '../analysis/resolve-templates.ts';
import type { AnalysisRunArgument, Argument, RolloutAnalysis } from '../api/analysis-reference.ts';
import type { AnalysisRunSpec } from '../api/analysis-run.ts';
import { isTemplateField, readFieldPath } from '../api/field-path.ts';
import { fail, succeed, type Result } from '../base/result.ts';
import { templateKey, type RolloutView, type World } from './world.ts';

/** What the arguments of a run may speak of. */
export interface RunSubject {
  readonly rollout: RolloutView;
  readonly stableHash: string;
  readonly latestHash: string;
  /** The run is not made yet: what the status does not say now it may say by then. */
  readonly isAhead?: boolean;
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
  const found = readField(path, subject);
  return found === undefined ? fail(`the argument "${name}": the Rollout has no field ${path}`) : succeed(found);
}

/** As the downward API has it, a label or an annotation that is not there is empty. */
const mapEntry = /^metadata\.(?:labels|annotations)\['[^']*'\]$/;

/** A field of metadata, or any path below spec and status, as text. */
function readField(path: string, { rollout, isAhead = false }: RunSubject): string | undefined {
  if (isTemplateField(path)) return rollout.templateFields?.[path];
  const { name, namespace, uid, labels, annotations, spec, status } = rollout;
  const found = readFieldPath({ metadata: { name, namespace, uid, labels, annotations }, spec, status }, path);
  const mayBeAbsent = mapEntry.test(path) || (isAhead && path.startsWith('status.'));
  return found ?? (mayBeAbsent ? '' : undefined);
}
