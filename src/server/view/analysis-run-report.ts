import type { Static } from 'typebox';

import type { AnalysisRun, Measurement, MetricResult } from '../../api/analysis-run.ts';
import type { Metric } from '../../api/analysis-template.ts';
import { controllerOf } from '../../api/controller-owner.ts';
import { recordOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { boolean, int32, list, object, stringEnum, text } from '../../api/schema.ts';
import { projectAnalysisRun } from '../../controller/project.ts';
import { revisionAnnotation } from '../../engine/revision.ts';
import { evidenceReportSchema, reportEvidence } from './evidence-report.ts';

const measurementReportSchema = object(
  { phase: text },
  { value: text, message: text, startedAt: text, finishedAt: text },
);

const metricReportSchema = object(
  {
    name: text,
    provider: text,
    phase: text,
    dryRun: boolean,
    successful: int32,
    failed: int32,
    inconclusive: int32,
    error: int32,
    measurements: list(measurementReportSchema),
  },
  { message: text, successCondition: text, failureCondition: text, evidence: evidenceReportSchema },
);

/** One metric of a run: its phase, totals and newest measurements, and the evidence when it is judged. */
export type MetricReport = Static<typeof metricReportSchema>;

/** Schema of an AnalysisRun as people see it. */
export const analysisRunReportSchema = object(
  {
    name: text,
    namespace: text,
    uid: text,
    createdAt: text,
    role: stringEnum(['Step', 'Background', 'PrePromotion', 'PostPromotion', '']),
    phase: text,
    message: text,
    hash: text,
    terminating: boolean,
    metrics: list(metricReportSchema),
  },
  { rollout: text, revision: int32, stepIndex: int32, startedAt: text, completedAt: text },
);

/** One AnalysisRun. `role` is where the Rollout uses it; empty for one that stands alone. A command names `uid`. */
export type AnalysisRunReport = Static<typeof analysisRunReportSchema>;

/** Reports an AnalysisRun. */
export function reportAnalysisRun(run: KubeObject): AnalysisRunReport {
  const view = projectAnalysisRun(run);
  const { spec, status } = run as unknown as Partial<AnalysisRun>;
  const { metadata } = run;
  const owner = controllerOf(run);
  return {
    name: view.name,
    namespace: metadata.namespace ?? '',
    uid: metadata.uid ?? '',
    createdAt: metadata.creationTimestamp ?? '',
    role: view.role,
    phase: view.phase,
    message: view.message,
    hash: view.hash,
    terminating: view.terminating,
    metrics: (spec?.metrics ?? []).map((metric) => reportMetric(metric, resultOf(metric, status?.metricResults))),
    rollout: owner?.kind === 'Rollout' ? owner.name : undefined,
    revision: revisionNumber(run),
    stepIndex: view.stepIndex,
    startedAt: status?.startedAt,
    completedAt: status?.completedAt,
  };
}

/** The number of the revision that the run is about. */
function revisionNumber({ metadata }: KubeObject): number | undefined {
  const revision = metadata.annotations?.[revisionAnnotation] ?? '';
  return /^\d{1,9}$/.test(revision) ? Number(revision) : undefined;
}

function resultOf({ name }: Metric, results: readonly MetricResult[] = []): MetricResult | undefined {
  return results.find((result) => result.name === name);
}

function reportMetric(metric: Metric, result: MetricResult | undefined): MetricReport {
  const { phase = '', message, measurements = [] } = result ?? {};
  return {
    name: metric.name,
    provider: providerOf(metric),
    phase,
    dryRun: result?.dryRun === true,
    ...totalsOf(result),
    measurements: measurements.map(reportMeasurement),
    message,
    successCondition: metric.successCondition,
    failureCondition: metric.failureCondition,
    evidence: reportEvidence(result?.metadata) ?? reportEvidence(measurements.at(-1)?.metadata),
  };
}

function totalsOf(result: Partial<MetricResult> = {}) {
  const { successful = 0, failed = 0, inconclusive = 0, error = 0 } = result;
  return { successful, failed, inconclusive, error };
}

function reportMeasurement({ phase, value, message, startedAt, finishedAt }: Measurement) {
  return { phase, value, message, startedAt, finishedAt };
}

/** The provider's key, for a plug-in the plug-in's name. */
function providerOf({ provider }: Metric): string {
  const [[kind, config] = ['', undefined]] = Object.entries(provider);
  return kind === 'plugin' ? (Object.keys(recordOf(config))[0] ?? kind) : kind;
}
