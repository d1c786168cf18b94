import type { Static } from 'typebox';

import { argumentSchema, dryRunSchema, measurementRetentionSchema } from './analysis-reference.ts';
import { metricSchema } from './analysis-template.ts';
import type { ObjectMeta } from './object.ts';
import { boolean, instant, int32, list, object, text, textMap } from './schema.ts';

/** Phases of an AnalysisRun, a metric, a measurement and an Experiment; an absent or empty phase is not yet known. */
export type AnalysisPhase = 'Pending' | 'Running' | 'Successful' | 'Failed' | 'Error' | 'Inconclusive';

/** Schema of spec of an AnalysisRun. */
export const analysisRunSpecSchema = object(
  { metrics: list(metricSchema) },
  {
    args: list(argumentSchema),
    terminate: boolean,
    dryRun: list(dryRunSchema),
    measurementRetention: list(measurementRetentionSchema),
    ttlStrategy: object({}, { secondsAfterCompletion: int32, secondsAfterFailure: int32, secondsAfterSuccess: int32 }),
  },
);

/** Spec of an AnalysisRun. */
export type AnalysisRunSpec = Static<typeof analysisRunSpecSchema>;

const measurementSchema = object(
  { phase: text },
  {
    message: text,
    startedAt: instant,
    finishedAt: instant,
    value: text,
    metadata: textMap,
    resumeAt: instant,
  },
);

/** One measurement; without finishedAt it is still running and is looked at again at resumeAt. */
export type Measurement = Static<typeof measurementSchema>;

const metricResultSchema = object(
  { name: text, phase: text },
  {
    measurements: list(measurementSchema),
    message: text,
    count: int32,
    successful: int32,
    failed: int32,
    inconclusive: int32,
    error: int32,
    consecutiveError: int32,
    consecutiveSuccess: int32,
    dryRun: boolean,
    metadata: textMap,
  },
);

/** How one metric stands: its phase, totals, and the newest measurements. */
export type MetricResult = Static<typeof metricResultSchema>;

const runSummarySchema = object(
  {},
  { count: int32, successful: int32, failed: int32, inconclusive: int32, error: int32 },
);

/** Number of metrics by phase. */
export type RunSummary = Static<typeof runSummarySchema>;

/** Schema of status of an AnalysisRun. */
export const analysisRunStatusSchema = object(
  { phase: text },
  {
    message: text,
    metricResults: list(metricResultSchema),
    startedAt: instant,
    completedAt: instant,
    runSummary: runSummarySchema,
    dryRunSummary: runSummarySchema,
  },
);

/** Status of an AnalysisRun; phase is an AnalysisPhase or empty. */
export type AnalysisRunStatus = Static<typeof analysisRunStatusSchema>;

/** An AnalysisRun (`argoproj.io/v1alpha1`). */
export type AnalysisRun = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: AnalysisRunSpec;
  readonly status?: AnalysisRunStatus | undefined;
};
