import type { BlueGreenStrategy } from './blue-green-strategy.ts';
import { canaryStepKind, canaryStepKinds } from './canary-step-kind.ts';
import type { CanaryStep } from './canary-step.ts';
import type { CanaryStrategy } from './canary-strategy.ts';
import { forbidden, invalid, type FieldErrors } from './field-error.ts';
import type { PodTemplateSpec } from './pod-template.ts';
import { revisionHistoryLimit } from './rollout-defaults.ts';
import type { RolloutSpec } from './rollout.ts';
import { hasContainerPorts } from './validate-experiment.ts';

/**
 * What is accepted in a Rollout for the sake of existing manifests, but does not do what it seems to do. None of it
 * stops the controller; lint shows it as warnings.
 */
export function adviseRollout(spec: RolloutSpec): FieldErrors {
  const { canary, blueGreen } = spec.strategy ?? {};
  return [
    ...(spec.workloadRef !== undefined && spec.template?.spec !== undefined
      ? [forbidden('spec.template.spec', 'it is ignored, because workloadRef names another template')]
      : []),
    ...adviseWorkload(spec),
    ...(canary === undefined ? [] : adviseCanary(canary, revisionHistoryLimit(spec))),
    ...(canary === undefined ? [] : adviseExperimentServices(canary, spec.template)),
    ...(blueGreen === undefined ? [] : adviseBlueGreen(blueGreen)),
  ];
}

/** Only a Deployment can be told to have fewer pods. */
function adviseWorkload({ workloadRef }: RolloutSpec): FieldErrors {
  const { kind = '', scaleDown = 'never' } = workloadRef ?? {};
  if (workloadRef === undefined || scaleDown === 'never' || kind === 'Deployment') return [];
  return [
    invalid('spec.workloadRef.scaleDown', scaleDown, `it does nothing for a ${kind}; only a Deployment is scaled`),
  ];
}

function adviseCanary(canary: CanaryStrategy, historyLimit: number): FieldErrors {
  const at = 'spec.strategy.canary';
  const limit = canary.scaleDownDelayRevisionLimit;
  return [
    ...negativeDelays(canary, at),
    ...(limit !== undefined && limit > historyLimit
      ? [
          invalid(
            `${at}.scaleDownDelayRevisionLimit`,
            limit,
            `spec.revisionHistoryLimit (${historyLimit}) deletes the others sooner`,
          ),
        ]
      : []),
    ...(canary.trafficRouting === undefined ? adviseUnrouted(canary, at) : []),
    ...(canary.steps ?? []).flatMap((step, index) => adviseStep(step, `${at}.steps[${index}]`)),
  ];
}

function adviseUnrouted(canary: CanaryStrategy, at: string): FieldErrors {
  return (['abortScaleDownDelaySeconds', 'pingPong', 'minPodsPerReplicaSet'] as const).flatMap((name) =>
    canary[name] === undefined ? [] : [forbidden(`${at}.${name}`, 'it has no effect without trafficRouting')],
  );
}

function adviseBlueGreen(blueGreen: BlueGreenStrategy): FieldErrors {
  const at = 'spec.strategy.blueGreen';
  const seconds = blueGreen.autoPromotionSeconds ?? 0;
  return [
    ...negativeDelays(blueGreen, at),
    ...(seconds < 0 ? [invalid(`${at}.autoPromotionSeconds`, seconds, 'a negative time counts as none')] : []),
  ];
}

function negativeDelays(
  strategy: Pick<CanaryStrategy, 'scaleDownDelaySeconds' | 'abortScaleDownDelaySeconds'>,
  at: string,
): FieldErrors {
  return (['scaleDownDelaySeconds', 'abortScaleDownDelaySeconds'] as const).flatMap((name) => {
    const seconds = strategy[name] ?? 0;
    return seconds < 0 ? [invalid(`${at}.${name}`, seconds, 'a negative delay ends before it begins')] : [];
  });
}

function adviseStep(step: CanaryStep, field: string): FieldErrors {
  const given = canaryStepKinds.filter((kind) => step[kind] !== undefined);
  return [
    ...(given.length > 1
      ? [invalid(field, given.join(', '), `a step does one thing; only ${canaryStepKind(step)} is sure to happen`)]
      : []),
    ...adviseScale(step, field),
    ...adviseMirror(step, field),
    ...(step.experiment !== undefined && step.experiment.templates.length === 0
      ? [invalid(`${field}.experiment.templates`, [], 'an experiment without templates runs nothing')]
      : []),
  ];
}

/** A Service needs a port. What pods of the stable revision have is not known here, and neither is a workload. */
function adviseExperimentServices({ steps = [] }: CanaryStrategy, template: PodTemplateSpec = {}): FieldErrors {
  if (template.spec === undefined || hasContainerPorts(template)) return [];
  const detail = 'its Service needs a container port, and spec.template has none';
  return steps.flatMap(({ experiment }, step) =>
    (experiment?.templates ?? []).flatMap(({ specRef, weight, service }, index) => {
      const field = `spec.strategy.canary.steps[${step}].experiment.templates[${index}]`;
      if (specRef !== 'canary') return [];
      if (weight !== undefined) return [invalid(`${field}.weight`, weight, `${detail}: the step can only fail`)];
      return service === undefined ? [] : [invalid(`${field}.service`, service, `${detail}: there is no Service`)];
    }),
  );
}

function adviseScale({ setCanaryScale: scale }: CanaryStep, field: string): FieldErrors {
  if (scale === undefined) return [];
  const given = (['weight', 'replicas', 'matchTrafficWeight'] as const).filter((name) => scale[name] !== undefined);
  return given.length === 1
    ? []
    : [invalid(`${field}.setCanaryScale`, scale, 'give one of weight, replicas, matchTrafficWeight')];
}

function adviseMirror({ setMirrorRoute: route }: CanaryStep, field: string): FieldErrors {
  if (route === undefined) return [];
  const at = `${field}.setMirrorRoute`;
  const { percentage = 100, match = [] } = route;
  return [
    ...(percentage < 0 || percentage > 100
      ? [invalid(`${at}.percentage`, percentage, 'it must be between 0 and 100')]
      : []),
    ...match.flatMap(({ headers = {} }, index) =>
      Object.entries(headers)
        .filter(([, ways]) => Object.values(ways).filter((way) => way !== '').length !== 1)
        .map(([name, ways]) =>
          invalid(`${at}.match[${index}].headers[${name}]`, ways, 'give exactly one of exact, prefix, regex'),
        ),
    ),
  ];
}
