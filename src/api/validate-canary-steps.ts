import type { AnalysisRunArgument } from './analysis-reference.ts';
import { approvalStepName, readApprovalConfig } from './approval-step.ts';
import { canaryStepKinds } from './canary-step-kind.ts';
import type { CanaryStep, PauseStep } from './canary-step.ts';
import type { CanaryStrategy } from './canary-strategy.ts';
import { invalid, required, type FieldErrors } from './field-error.ts';
import { qualifiedNameProblems } from './name-syntax.ts';
import { pauseDuration } from './pause-duration.ts';
import { trafficWeightMax } from './rollout-defaults.ts';
import { anyRouterCan, type UsedRouter } from './used-routers.ts';
import { splitSubscript } from './validate-downward-fields.ts';
import { validateStepExperiment } from './validate-step-experiment.ts';
import { validateStepRoutes } from './validate-step-routes.ts';

/** Kinds of steps that cannot share a step. The others are accepted beside them for the sake of existing manifests. */
const exclusiveKinds = ['setWeight', 'pause', 'experiment', 'analysis'] as const;

const metadataFields = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

/** Checks the steps of a canary. */
export function validateCanarySteps(
  canary: CanaryStrategy,
  routers: readonly UsedRouter[],
  field: string,
): FieldErrors {
  const { steps = [] } = canary;
  return steps.flatMap((step, index) => {
    const at = `${field}.steps[${index}]`;
    return [
      ...validateKind(step, at),
      ...validateWeight(step, canary, at),
      ...(step.pause === undefined ? [] : validatePause(step.pause, `${at}.pause.duration`)),
      ...(step.setCanaryScale !== undefined && canary.trafficRouting === undefined
        ? [required(`${field}.trafficRouting`, 'a setCanaryScale step works only with it')]
        : []),
      ...validateStepRoutes(step, canary, routers, field, at),
      ...validateApproval(step, `${at}.plugin.config`),
      ...validateExperimentWeights(step, canary, routers, at),
      ...validateStepExperiment(steps, index, trafficWeightMax({ strategy: { canary } }), at),
      ...validateArguments(step, at),
    ];
  });
}

function validateKind(step: CanaryStep, field: string): FieldErrors {
  const given = canaryStepKinds.filter((kind) => step[kind] !== undefined);
  const exclusive = exclusiveKinds.filter((kind) => step[kind] !== undefined);
  if (given.length === 0) {
    return [invalid(field, step, `a step needs one of ${canaryStepKinds.join(', ')}`)];
  }
  return exclusive.length > 1
    ? [invalid(field, step, `a step does one thing; make ${exclusive.join(' and ')} steps of their own`)]
    : [];
}

function validateWeight(step: CanaryStep, canary: CanaryStrategy, field: string): FieldErrors {
  const { setWeight } = step;
  const weightMax = trafficWeightMax({ strategy: { canary } });
  return setWeight === undefined || (setWeight >= 0 && setWeight <= weightMax)
    ? []
    : [invalid(`${field}.setWeight`, setWeight, `it must be between 0 and ${weightMax}`)];
}

function validatePause(pause: PauseStep, field: string): FieldErrors {
  const duration = pauseDuration(pause);
  if (duration.kind === 'invalid') return [invalid(field, pause.duration, duration.problem)];
  return duration.kind === 'seconds' && duration.seconds < 0
    ? [invalid(field, pause.duration, 'it must be 0 or more')]
    : [];
}

function validateApproval({ plugin }: CanaryStep, field: string): FieldErrors {
  const config = plugin?.name === approvalStepName ? readApprovalConfig(plugin.config) : undefined;
  return config === undefined || config.ok ? [] : [invalid(field, plugin?.config, config.error)];
}

function validateExperimentWeights(
  step: CanaryStep,
  canary: CanaryStrategy,
  routers: readonly UsedRouter[],
  field: string,
): FieldErrors {
  if (anyRouterCan(routers, (router) => router.additionalDestinations)) return [];
  const detail =
    canary.trafficRouting === undefined
      ? 'a weight works only with trafficRouting'
      : `${routers.map(({ name }) => name).join(', ') || 'no router'} cannot send traffic to an experiment`;
  return (step.experiment?.templates ?? []).flatMap(({ weight }, index) =>
    weight === undefined ? [] : [invalid(`${field}.experiment.templates[${index}].weight`, weight, detail)],
  );
}

/**
 * Arguments may take metadata of the Rollout only as far as the downward API goes; other paths are read at run time.
 */
function validateArguments(step: CanaryStep, field: string): FieldErrors {
  const wrong = argumentsOf(step).flatMap(({ name, valueFrom }) => {
    const path = valueFrom?.fieldRef?.fieldPath ?? '';
    return !path.startsWith('metadata') || isMetadataField(path) ? [] : [`${name}: ${path}`];
  });
  return wrong.length === 0
    ? []
    : [invalid(`${field}.analyses`, wrong.join(', '), `an argument can take one of: ${metadataFields.join(', ')}`)];
}

function argumentsOf(step: CanaryStep): readonly AnalysisRunArgument[] {
  return [...(step.experiment?.analyses ?? []).flatMap(({ args = [] }) => args), ...(step.analysis?.args ?? [])];
}

function isMetadataField(path: string): boolean {
  const subscripted = splitSubscript(path);
  if (subscripted === undefined) return metadataFields.includes(path);
  if (subscripted.path === 'metadata.labels') return qualifiedNameProblems(subscripted.key).length === 0;
  return (
    subscripted.path === 'metadata.annotations' && qualifiedNameProblems(subscripted.key.toLowerCase()).length === 0
  );
}
