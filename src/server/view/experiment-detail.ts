import type { Static } from 'typebox';

import type { Experiment } from '../../api/experiment.ts';
import type { KubeObject } from '../../api/object.ts';
import { list, object, text } from '../../api/schema.ts';
import { analysisRunReportSchema, reportAnalysisRun } from './analysis-run-report.ts';
import { experimentLineFields, reportExperiment } from './experiment-report.ts';

const conditionSchema = object({ type: text, status: text, reason: text, message: text, lastTransitionTime: text }, {});

/** Schema of everything about one Experiment. */
export const experimentDetailSchema = object(
  {
    ...experimentLineFields.required,
    analysisRuns: list(analysisRunReportSchema),
    conditions: list(conditionSchema),
  },
  experimentLineFields.optional,
);

/** Everything about one Experiment, with its AnalysisRuns, those of earlier attempts too. */
export type ExperimentDetail = Static<typeof experimentDetailSchema>;

/** What a detail is made from, as read from the cluster. */
export interface ExperimentObjects {
  readonly experiment: KubeObject;
  /** Controlled by the Experiment. */
  readonly replicaSets: readonly KubeObject[];
  /** Controlled by one of the ReplicaSets. */
  readonly pods: readonly KubeObject[];
  /** Controlled by the Experiment. */
  readonly analysisRuns: readonly KubeObject[];
}

/** Reports everything about an Experiment. */
export function reportExperimentDetail({ experiment, analysisRuns, ...parts }: ExperimentObjects): ExperimentDetail {
  const { status = {} } = experiment as unknown as Partial<Experiment>;
  return {
    ...reportExperiment(experiment, parts),
    analysisRuns: analysisRuns
      .map(reportAnalysisRun)
      .sort((left, right) => `${left.createdAt} ${left.name}`.localeCompare(`${right.createdAt} ${right.name}`)),
    conditions: status.conditions ?? [],
  };
}
