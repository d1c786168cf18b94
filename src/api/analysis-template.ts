import type { Static } from 'typebox';

import {
  analysisTemplateReferenceSchema,
  argumentSchema,
  dryRunSchema,
  measurementRetentionSchema,
} from './analysis-reference.ts';
import { metricProviderSchema } from './metric-provider.ts';
import type { ObjectMeta } from './object.ts';
import { intOrString, list, object, text } from './schema.ts';

/** Schema of one metric. */
export const metricSchema = object(
  { name: text, provider: metricProviderSchema },
  {
    interval: text,
    initialDelay: text,
    count: intOrString,
    successCondition: text,
    failureCondition: text,
    failureLimit: intOrString,
    inconclusiveLimit: intOrString,
    consecutiveErrorLimit: intOrString,
    consecutiveSuccessLimit: intOrString,
  },
);

/**
 * One metric: what is measured, how often, and what counts as good. interval and initialDelay are durations such as
 * `30s`; counts and limits may be text so that arguments can stand in them.
 */
export type Metric = Static<typeof metricSchema>;

/** Schema of spec of an AnalysisTemplate and of a ClusterAnalysisTemplate. */
export const analysisTemplateSpecSchema = object(
  {},
  {
    metrics: list(metricSchema),
    args: list(argumentSchema),
    dryRun: list(dryRunSchema),
    measurementRetention: list(measurementRetentionSchema),
    templates: list(analysisTemplateReferenceSchema),
  },
);

/** Spec of an AnalysisTemplate and of a ClusterAnalysisTemplate. */
export type AnalysisTemplateSpec = Static<typeof analysisTemplateSpecSchema>;

/** An AnalysisTemplate (`argoproj.io/v1alpha1`). */
export type AnalysisTemplate = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: AnalysisTemplateSpec;
};

/** A ClusterAnalysisTemplate (`argoproj.io/v1alpha1`): the same without a namespace. */
export type ClusterAnalysisTemplate = AnalysisTemplate;
