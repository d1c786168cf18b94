import type { CanaryStep, CanaryStepKind } from './canary-step.ts';

/** Every kind of step, in the order in which a step with several fields is understood. */
export const canaryStepKinds = [
  'setWeight',
  'pause',
  'experiment',
  'analysis',
  'setCanaryScale',
  'setHeaderRoute',
  'setMirrorRoute',
  'plugin',
] as const satisfies readonly CanaryStepKind[];

/** What a step does; undefined for a step without any known field. */
export function canaryStepKind(step: CanaryStep): CanaryStepKind | undefined {
  return canaryStepKinds.find((kind) => step[kind] !== undefined);
}

/** One line of text about a step, as events and clients show it. */
export function canaryStepText(step: CanaryStep): string {
  const kind = canaryStepKind(step);
  if (kind === undefined) return 'invalid';
  if (kind === 'setWeight') return `setWeight: ${step.setWeight}`;
  if (kind === 'pause') return step.pause?.duration === undefined ? 'pause' : `pause: ${step.pause.duration}`;
  if (kind === 'setCanaryScale') return canaryScaleText(step.setCanaryScale);
  return kind;
}

function canaryScaleText(scale: CanaryStep['setCanaryScale']): string {
  if (scale?.weight !== undefined) return `setCanaryScale{weight: ${scale.weight}}`;
  if (scale?.matchTrafficWeight === true) return 'setCanaryScale{matchTrafficWeight: true}';
  return scale?.replicas === undefined ? 'setCanaryScale' : `setCanaryScale{replicas: ${scale.replicas}}`;
}
