import type { Static } from 'typebox';

import { canaryStepKind } from '../../api/canary-step-kind.ts';
import type { CanaryStep, CanaryStepKind } from '../../api/canary-step.ts';
import { pauseStepProgress } from '../../api/pause-step-progress.ts';
import type { Rollout } from '../../api/rollout.ts';
import { int32, object, stringEnum, text } from '../../api/schema.ts';
import { formatInstant } from '../../base/instant.ts';
import { entryOf } from '../../engine/step-plugin.ts';

/** Schema of a canary step as people see it. */
export const stepReportSchema = object(
  { index: int32, kind: text, text, state: stringEnum(['done', 'current', 'pending']) },
  { until: text, message: text },
);

/**
 * One canary step. `until` is when the pause in force ends by itself; `message` is what the plug-in of the step says.
 */
export type StepReport = Static<typeof stepReportSchema>;

/** Reports the steps of a canary; empty without steps. `nowMs` is milliseconds since the epoch. */
export function reportSteps({ spec, status = {} }: Rollout, nowMs: number): readonly StepReport[] {
  const steps = spec.strategy?.canary?.steps ?? [];
  const isUnderWay = status.currentPodHash !== undefined && status.currentPodHash !== status.stableRS;
  const current = isUnderWay ? (status.currentStepIndex ?? 0) : steps.length;
  return steps.map((step, index): StepReport => {
    const state = index < current ? 'done' : index === current ? 'current' : 'pending';
    const until = state === 'current' ? pauseEnd(step, status, nowMs) : undefined;
    const message = state === 'pending' ? undefined : pluginMessage(status, index);
    return { index, kind: canaryStepKind(step) ?? '', text: describeStep(step), state, until, message };
  });
}

/** How the plug-in of a step stands, in one line. */
function pluginMessage({ canary }: NonNullable<Rollout['status']>, index: number): string | undefined {
  const entry = entryOf(canary?.stepPluginStatuses ?? [], index, 'Run');
  if (entry === undefined) return undefined;
  if (entry.disabled === true) return 'switched off';
  return [entry.phase, entry.message].filter((part) => part !== undefined && part !== '').join(', ');
}

function pauseEnd({ pause }: CanaryStep, status: NonNullable<Rollout['status']>, nowMs: number): string | undefined {
  const progress = pause === undefined ? undefined : pauseStepProgress(pause, status, nowMs);
  return progress?.kind === 'waiting' && progress.resumeAtMs !== undefined
    ? formatInstant(progress.resumeAtMs)
    : undefined;
}

/** A step in one line, e.g. `setWeight: 20`, `pause: 30s`, `analysis: success-rate`. */
export function describeStep(step: CanaryStep): string {
  const kind = canaryStepKind(step);
  if (kind === undefined) return 'invalid';
  const detail = details[kind](step);
  return detail === '' ? kind : `${kind}: ${detail}`;
}

const details: Readonly<Record<CanaryStepKind, (step: CanaryStep) => string>> = {
  setWeight: ({ setWeight }) => String(setWeight ?? ''),
  pause: ({ pause }) => durationText(pause?.duration),
  experiment: ({ experiment }) => names(experiment?.templates.map(({ name }) => name)),
  analysis: ({ analysis }) => names(analysis?.templates?.map(({ templateName }) => templateName ?? '')),
  setCanaryScale: ({ setCanaryScale: scale = {} }) => {
    if (scale.replicas !== undefined) return `${scale.replicas} pods`;
    return scale.weight === undefined ? 'as the weight' : `${scale.weight}%`;
  },
  setHeaderRoute: ({ setHeaderRoute: route }) => names([route?.name ?? '']),
  setMirrorRoute: ({ setMirrorRoute: route }) => {
    const share = route?.percentage === undefined ? '' : ` ${route.percentage}%`;
    return `${route?.name ?? ''}${share}`;
  },
  plugin: ({ plugin }) => plugin?.name ?? '',
};

function names(given: readonly string[] = []): string {
  return given.filter((name) => name !== '').join(', ');
}

/** A bare number means seconds. */
function durationText(duration: number | string | undefined): string {
  if (duration === undefined) return 'until promoted';
  return /^\d+$/.test(String(duration)) ? `${duration}s` : String(duration);
}
