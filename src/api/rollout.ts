import type { Static } from 'typebox';

import { blueGreenStrategySchema } from './blue-green-strategy.ts';
import { canaryStrategySchema } from './canary-strategy.ts';
import { labelSelectorSchema } from './label-selector.ts';
import type { ObjectMeta } from './object.ts';
import { podTemplateField } from './pod-template-field.ts';
import type { RolloutStatus } from './rollout-status.ts';
import { boolean, immutable, instant, int32, object, stringEnum, text } from './schema.ts';

const workloadReferenceSchema = object(
  {},
  { apiVersion: text, kind: text, name: text, scaleDown: stringEnum(['never', 'onsuccess', 'progressively']) },
);

/** A Deployment, ReplicaSet or PodTemplate whose pod template the Rollout uses. */
export type WorkloadReference = Static<typeof workloadReferenceSchema>;

const strategySchema = object({}, { blueGreen: blueGreenStrategySchema, canary: canaryStrategySchema });

/** How a new revision comes to its users: exactly one field is given. */
export type RolloutStrategy = Static<typeof strategySchema>;

/** Schema of spec of a Rollout. */
export const rolloutSpecSchema = object(
  {},
  {
    replicas: int32,
    selector: immutable(labelSelectorSchema, 'selector is immutable'),
    template: podTemplateField,
    workloadRef: workloadReferenceSchema,
    minReadySeconds: int32,
    rollbackWindow: object({}, { revisions: int32 }),
    strategy: strategySchema,
    revisionHistoryLimit: int32,
    paused: boolean,
    progressDeadlineSeconds: int32,
    progressDeadlineAbort: boolean,
    restartAt: instant,
    analysis: object({}, { successfulRunHistoryLimit: int32, unsuccessfulRunHistoryLimit: int32 }),
  },
);

/** Spec of a Rollout. Defaults are not filled in: an absent replicas means 1, and so on. */
export type RolloutSpec = Static<typeof rolloutSpecSchema>;

export type { BlueGreenStrategy } from './blue-green-strategy.ts';
export type { CanaryStep } from './canary-step.ts';
export type { CanaryStrategy } from './canary-strategy.ts';
export type { RolloutStatus } from './rollout-status.ts';

/** A Rollout (`argoproj.io/v1alpha1`). */
export type Rollout = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: RolloutSpec;
  readonly status?: RolloutStatus | undefined;
};
