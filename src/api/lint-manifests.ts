import { unreachable } from '../base/invariant.ts';
import { admitManifest, errorFindings, warningFindings, type RawFinding } from './admit-manifest.ts';
import { adviseRollout } from './advise-rollout.ts';
import type { AnalysisRun } from './analysis-run.ts';
import type { AnalysisTemplate } from './analysis-template.ts';
import { resourceSchemas, type RolloutApiKind } from './crd.ts';
import type { Experiment } from './experiment.ts';
import { fieldErrorText, type FieldErrors } from './field-error.ts';
import { findRouterObject, findTemplate, manifestSet, type ManifestSet } from './manifest-set.ts';
import type { ManifestObject } from './manifest.ts';
import type { Json, KubeObject } from './object.ts';
import type { Rollout } from './rollout.ts';
import { admit } from './structural.ts';
import { validateAnalysisRun, validateAnalysisTemplate } from './validate-analysis.ts';
import { validateExperiment } from './validate-experiment.ts';
import { validateReferences } from './validate-references.ts';
import { validateRollout, type RouterCapabilitiesByName } from './validate-rollout.ts';
import { workloadSelector, workloadTemplate } from './workload.ts';
import type { TextPosition } from './yaml-position.ts';

/** One thing to tell about a manifest. An error stops the controller, a warning does not. */
export interface Finding extends TextPosition {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** Kind and name, e.g. `Rollout web`. */
  readonly subject: string;
  /** Path inside the object. */
  readonly field: string;
  /** One line: field, value, and what would be right. */
  readonly message: string;
}

/**
 * Checks the objects of the Rollout API in a set of files as an API server and the controller would: schema, rules, and
 * references to other objects of the same files. Other objects are only looked at as far as a Rollout names them.
 */
export function lintManifests(
  manifests: readonly ManifestObject[],
  routers: RouterCapabilitiesByName,
): readonly Finding[] {
  const admitted = manifests.map((manifest) => ({ manifest, ...admitManifest(manifest) }));
  const set = manifestSet(admitted);
  return admitted.flatMap(({ manifest, kind, object, readableForms, findings }) => {
    const lists = kind === undefined ? [] : readableForms.map((form) => lintKind(kind, form, set, routers));
    return [...findings, ...besides(findings, findingsOfAll(lists))].map(({ severity, error }) => ({
      severity,
      file: manifest.file,
      ...manifest.positionOf(error.field),
      subject: `${object.kind} ${object.metadata.name ?? ''}`.trim(),
      field: error.field,
      message: fieldErrorText(error),
    }));
  });
}

/** The findings that are in every list. */
function findingsOfAll([first = [], ...others]: readonly (readonly RawFinding[])[]): readonly RawFinding[] {
  const texts = others.map((list) => new Set(list.map(textOf)));
  return first.filter((finding) => texts.every((known) => known.has(textOf(finding))));
}

/** The findings of the rules that are not about a part which the schema has refused, or about what holds it. */
function besides(refusals: readonly RawFinding[], findings: readonly RawFinding[]): readonly RawFinding[] {
  const refused = refusals.filter(({ severity }) => severity === 'error').map(({ error }) => ruleField(error.field));
  return findings.filter(({ error }) => refused.every((field) => !isRelated(ruleField(error.field), field)));
}

/** Rules leave out which strategy it is. */
function ruleField(field: string): string {
  return field.replace(/^spec\.strategy\.(?:canary|blueGreen)(?![^.[])/, 'spec.strategy');
}

function isRelated(left: string, right: string): boolean {
  const [short, long] = left.length < right.length ? [left, right] : [right, left];
  return long.startsWith(short) && (long.length === short.length || '.['.includes(long[short.length] ?? ''));
}

function textOf({ severity, error }: RawFinding): string {
  return `${severity} ${fieldErrorText(error)}`;
}

function lintKind(
  kind: RolloutApiKind,
  value: KubeObject,
  set: ManifestSet,
  routers: RouterCapabilitiesByName,
): readonly RawFinding[] {
  switch (kind) {
    case 'Rollout':
      return lintRollout(value as unknown as Rollout, set, routers);
    case 'AnalysisTemplate':
    case 'ClusterAnalysisTemplate': {
      const { spec } = value as unknown as AnalysisTemplate;
      return [...errorFindings(validateAnalysisTemplate(spec)), ...warningFindings(adviseMetrics(spec))];
    }
    case 'AnalysisRun': {
      const { spec } = value as unknown as AnalysisRun;
      return [...errorFindings(validateAnalysisRun(spec)), ...warningFindings(adviseMetrics(spec))];
    }
    case 'Experiment':
      return errorFindings(validateExperiment((value as unknown as Experiment).spec));
    default:
      return unreachable(kind);
  }
}

function lintRollout(rollout: Rollout, set: ManifestSet, routers: RouterCapabilitiesByName): readonly RawFinding[] {
  const findings = [rollout, ...eachStrategy(rollout)].flatMap((one) => lintOneRollout(one, set, routers));
  return [...new Map(findings.map((finding) => [textOf(finding), finding])).values()];
}

/**
 * The rules say no more of a Rollout with two strategies. Which one will stay is not known, so each is looked at as if
 * it were the only one.
 */
function eachStrategy(rollout: Rollout): readonly Rollout[] {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  if (canary === undefined || blueGreen === undefined) return [];
  return [{ canary }, { blueGreen }].map((strategy) => ({ ...rollout, spec: { ...rollout.spec, strategy } }));
}

function lintOneRollout(rollout: Rollout, set: ManifestSet, routers: RouterCapabilitiesByName): readonly RawFinding[] {
  const resolved = resolveWorkload(rollout, set);
  const { namespace } = rollout.metadata;
  return [
    ...errorFindings(validateRollout(rollout, { routers })),
    ...(resolved === undefined
      ? []
      : errorFindings(validateRollout(resolved, { routers, templateFromWorkload: true }))),
    ...errorFindings(
      validateReferences(resolved ?? rollout, {
        // Without the workload nobody knows the labels that a Service should select.
        service: ({ name }) =>
          rollout.spec.workloadRef !== undefined && resolved === undefined
            ? 'unknown'
            : set.find('Service', name, namespace),
        analysisTemplate: (reference) => findTemplate(set, reference, namespace),
        routerObject: (reference) => findRouterObject(set, reference, namespace),
      }),
    ),
    ...warningFindings(adviseRollout(rollout.spec)),
  ];
}

/** The Rollout with the template of its workload, when the workload is in the set and the Rollout has no template. */
function resolveWorkload(rollout: Rollout, set: ManifestSet): Rollout | undefined {
  const { workloadRef, template } = rollout.spec;
  if (workloadRef === undefined || template !== undefined) return undefined;
  const workload = set.find(workloadRef.kind ?? '', workloadRef.name ?? '', rollout.metadata.namespace);
  if (workload === undefined || workload === 'unknown') return undefined;
  // Only the parts that a Rollout takes over are brought into its form.
  const selector = workloadSelector(workload) ?? null;
  const completed = { spec: { selector, ...rollout.spec, template: workloadTemplate(workload) } };
  const { value, errors: refusals } = admit(resourceSchemas.Rollout.schema, completed as unknown as Json, {
    isResource: true,
  });
  if (refusals.some(({ field }) => !field.startsWith('spec.template.'))) return undefined;
  return { ...rollout, spec: (value as unknown as Rollout).spec };
}

function adviseMetrics(spec: AnalysisTemplate['spec']): FieldErrors {
  return (spec.metrics ?? []).flatMap((metric, index) =>
    metric.successCondition === undefined &&
    metric.failureCondition === undefined &&
    metric.provider.job === undefined &&
    metric.provider.kayenta === undefined &&
    metric.provider.plugin?.['sluice.dev/judge'] === undefined
      ? [
          {
            field: `spec.metrics[${index}]`,
            type: 'FieldValueRequired',
            detail: 'without successCondition and failureCondition any answer counts as success',
          } as const,
        ]
      : [],
  );
}
