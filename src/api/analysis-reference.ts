import type { Static } from 'typebox';

import { boolean, int32, list, object, stringEnum, text, textMap } from './schema.ts';

/** Schema of a reference to an AnalysisTemplate or ClusterAnalysisTemplate. */
export const analysisTemplateReferenceSchema = object({}, { templateName: text, clusterScope: boolean });

/** Names an AnalysisTemplate of the same namespace, or with clusterScope a ClusterAnalysisTemplate. */
export type AnalysisTemplateReference = Static<typeof analysisTemplateReferenceSchema>;

const fieldReferenceSchema = object({ fieldPath: text }, {});

/** Schema of an argument that a Rollout hands to an AnalysisRun. */
export const analysisRunArgumentSchema = object(
  { name: text },
  {
    value: text,
    valueFrom: object({}, { podTemplateHashValue: stringEnum(['Stable', 'Latest']), fieldRef: fieldReferenceSchema }),
  },
);

/** An argument that a Rollout hands to an AnalysisRun: a value, a pod-template hash, or a field of the Rollout. */
export type AnalysisRunArgument = Static<typeof analysisRunArgumentSchema>;

/** Schema of an argument as a template or a run declares it. */
export const argumentSchema = object(
  { name: text },
  {
    value: text,
    valueFrom: object({}, { secretKeyRef: object({ key: text, name: text }, {}), fieldRef: fieldReferenceSchema }),
  },
);

/** An argument of a template or a run. One without value must be given by whoever starts the run. */
export type Argument = Static<typeof argumentSchema>;

/** Schema of a dry-run rule. */
export const dryRunSchema = object({ metricName: text }, {});

/** Metrics whose name matches this regular expression do not affect the run's phase. */
export type DryRun = Static<typeof dryRunSchema>;

/** Schema of a retention rule. */
export const measurementRetentionSchema = object({ limit: int32, metricName: text }, {});

/** How many measurements are kept for metrics whose name matches this regular expression. */
export type MeasurementRetention = Static<typeof measurementRetentionSchema>;

/** Schema of labels and annotations that are added to an object. */
export const extraMetadataSchema = object({}, { labels: textMap, annotations: textMap });

/** Labels and annotations that are added to an object. */
export type ExtraMetadata = Static<typeof extraMetadataSchema>;

const analysisFields = {
  templates: list(analysisTemplateReferenceSchema),
  args: list(analysisRunArgumentSchema),
  dryRun: list(dryRunSchema),
  measurementRetention: list(measurementRetentionSchema),
  analysisRunMetadata: extraMetadataSchema,
};

/** Schema of an analysis that a Rollout asks for: a step, or before or after promotion. */
export const rolloutAnalysisSchema = object({}, analysisFields);

/** An analysis that a Rollout asks for: as a step, or before or after promotion. */
export type RolloutAnalysis = Static<typeof rolloutAnalysisSchema>;

/** Schema of the analysis that runs in the background of a canary. */
export const backgroundAnalysisSchema = object({}, { ...analysisFields, startingStep: int32 });

/** An analysis in the background of a canary, from startingStep (0 when absent) to the end. */
export type BackgroundAnalysis = Static<typeof backgroundAnalysisSchema>;
