import type { Static } from 'typebox';

import { argumentSchema, dryRunSchema, extraMetadataSchema, measurementRetentionSchema } from './analysis-reference.ts';
import { labelSelectorSchema } from './label-selector.ts';
import type { ObjectMeta } from './object.ts';
import { podTemplateField } from './pod-template-field.ts';
import { conditionSchema } from './rollout-status.ts';
import { boolean, instant, int32, list, object, text } from './schema.ts';

const experimentTemplateSchema = object(
  { name: text, selector: labelSelectorSchema, template: podTemplateField },
  { replicas: int32, minReadySeconds: int32, service: object({}, { name: text }) },
);

/** One ReplicaSet of an Experiment, with a Service when service is given. */
export type ExperimentTemplate = Static<typeof experimentTemplateSchema>;

const experimentAnalysisSchema = object(
  { name: text, templateName: text },
  { clusterScope: boolean, args: list(argumentSchema), requiredForCompletion: boolean },
);

/** One analysis of an Experiment. */
export type ExperimentAnalysis = Static<typeof experimentAnalysisSchema>;

/** Schema of spec of an Experiment. */
export const experimentSpecSchema = object(
  { templates: list(experimentTemplateSchema) },
  {
    duration: text,
    progressDeadlineSeconds: int32,
    terminate: boolean,
    analyses: list(experimentAnalysisSchema),
    scaleDownDelaySeconds: int32,
    dryRun: list(dryRunSchema),
    measurementRetention: list(measurementRetentionSchema),
    analysisRunMetadata: extraMetadataSchema,
  },
);

/** Spec of an Experiment; duration is text such as `30m`, without it the analyses decide the end. */
export type ExperimentSpec = Static<typeof experimentSpecSchema>;

const templateStatusSchema = object(
  { name: text, replicas: int32, updatedReplicas: int32, readyReplicas: int32, availableReplicas: int32 },
  {
    collisionCount: int32,
    status: text,
    message: text,
    lastTransitionTime: instant,
    serviceName: text,
    podTemplateHash: text,
  },
);

/** How one template of an Experiment stands. */
export type ExperimentTemplateStatus = Static<typeof templateStatusSchema>;

/** States of a template of an Experiment; an absent or empty status means that nothing was done yet. */
export type ExperimentTemplatePhase = 'Progressing' | 'Running' | 'Successful' | 'Failed' | 'Error';

const experimentRunStatusSchema = object({ name: text, analysisRun: text, phase: text }, { message: text });

/** How one analysis of an Experiment stands. */
export type ExperimentAnalysisStatus = Static<typeof experimentRunStatusSchema>;

/** Schema of status of an Experiment. */
export const experimentStatusSchema = object(
  {},
  {
    phase: text,
    message: text,
    availableAt: instant,
    templateStatuses: list(templateStatusSchema),
    analysisRuns: list(experimentRunStatusSchema),
    conditions: list(conditionSchema),
  },
);

/** Status of an Experiment; phase is an AnalysisPhase or empty. */
export type ExperimentStatus = Static<typeof experimentStatusSchema>;

/** An Experiment (`argoproj.io/v1alpha1`). */
export type Experiment = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: ExperimentSpec;
  readonly status?: ExperimentStatus | undefined;
};
