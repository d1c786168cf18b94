import type { Static } from 'typebox';

import { controllerOf, controllerUid } from '../../api/controller-owner.ts';
import type { Experiment } from '../../api/experiment.ts';
import type { KubeObject } from '../../api/object.ts';
import { hashLabel } from '../../api/pod-template-hash.ts';
import { boolean, int32, list, object, text } from '../../api/schema.ts';
import { formatInstant } from '../../base/instant.ts';
import { projectExperiment } from '../../controller/experiments/project-experiment.ts';
import { projectReplicaSet } from '../../controller/project.ts';
import { experimentPosition } from '../../engine/experiment/experiment-command.ts';
import { durationEndsAt } from '../../engine/experiment/experiment-situation.ts';
import { experimentTemplateAnnotation } from '../../engine/experiment/experiment-world.ts';
import { revisionAnnotation } from '../../engine/revision.ts';
import { replicaSetReportSchema, reportReplicaSet } from './revision-report.ts';

const templateReportSchema = object(
  { name: text, status: text, message: text, desired: int32, available: int32 },
  { service: text, replicaSet: replicaSetReportSchema },
);

const analysisReportSchema = object({ name: text, run: text, phase: text, message: text, required: boolean }, {});

/** Fields of the line of an Experiment in a list. */
export const experimentLineFields = {
  required: {
    name: text,
    namespace: text,
    uid: text,
    createdAt: text,
    phase: text,
    message: text,
    hash: text,
    position: text,
    terminating: boolean,
    templates: list(templateReportSchema),
    analyses: list(analysisReportSchema),
  },
  optional: { rollout: text, revision: int32, availableAt: text, endsAt: text },
} as const;

/** Schema of an Experiment as people see it. */
export const experimentReportSchema = object(experimentLineFields.required, experimentLineFields.optional);

/**
 * One Experiment. `rollout` is whose step it is; `endsAt` is when its time is over, once its pods are available. A
 * command for it names `uid` and, when it starts it anew, `position`.
 */
export type ExperimentReport = Static<typeof experimentReportSchema>;

/** What an Experiment is made of, as far as it was read. */
export interface ExperimentParts {
  readonly replicaSets: readonly KubeObject[];
  readonly pods: readonly KubeObject[];
}

/** Reports an Experiment, with those of the ReplicaSets and pods that are its own. */
export function reportExperiment(
  experiment: KubeObject,
  { replicaSets, pods }: ExperimentParts = { replicaSets: [], pods: [] },
): ExperimentReport {
  const view = projectExperiment(experiment);
  const { status, spec } = view;
  const owner = controllerOf(experiment);
  const endsAt = durationEndsAt({ experiment: view });
  const own = replicaSets.filter((set) => controllerUid(set) === view.uid);
  return {
    name: view.name,
    namespace: view.namespace,
    uid: view.uid,
    createdAt: experiment.metadata.creationTimestamp ?? '',
    phase: status.phase ?? '',
    message: status.message ?? '',
    hash: view.labels[hashLabel] ?? '',
    position: experimentPosition({ status }),
    terminating: spec.terminate === true,
    templates: view.templates.map(({ name, replicas }) =>
      reportTemplate(name, replicas, status, own.find(isOfTemplate(name)), pods),
    ),
    analyses: (spec.analyses ?? []).map(({ name, requiredForCompletion = false }) => {
      const run = status.analysisRuns?.find((one) => one.name === name);
      const { analysisRun = '', phase = '', message = '' } = run ?? {};
      return { name, run: analysisRun, phase, message, required: requiredForCompletion };
    }),
    rollout: owner?.kind === 'Rollout' ? owner.name : undefined,
    revision: numberIn(view.annotations[revisionAnnotation]),
    availableAt: status.availableAt,
    endsAt: endsAt === undefined ? undefined : formatInstant(endsAt),
  };
}

function isOfTemplate(name: string): (set: KubeObject) => boolean {
  return ({ metadata }) => metadata.annotations?.[experimentTemplateAnnotation] === name;
}

function reportTemplate(
  name: string,
  replicas: number,
  { templateStatuses = [] }: NonNullable<Experiment['status']>,
  replicaSet: KubeObject | undefined,
  pods: readonly KubeObject[],
): ExperimentReport['templates'][number] {
  const stored = templateStatuses.find((one) => one.name === name);
  return {
    name,
    status: stored?.status ?? '',
    message: stored?.message ?? '',
    desired: replicas,
    available: stored?.availableReplicas ?? 0,
    service: stored?.serviceName,
    replicaSet: replicaSet === undefined ? undefined : reportOwn(replicaSet, pods),
  };
}

function reportOwn(replicaSet: KubeObject, pods: readonly KubeObject[]) {
  const { uid } = replicaSet.metadata;
  return reportReplicaSet(
    replicaSet,
    projectReplicaSet(replicaSet),
    pods.filter((pod) => controllerUid(pod) === uid),
  );
}

function numberIn(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}
