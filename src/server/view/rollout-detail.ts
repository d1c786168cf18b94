import type { Static } from 'typebox';

import { hashInUse } from '../../api/hash-in-use.ts';
import { numberOf, recordOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Rollout, RolloutSpec } from '../../api/rollout.ts';
import { boolean, int32, list, map, object, text } from '../../api/schema.ts';
import { workloadTemplate } from '../../api/workload.ts';
import { projectReplicaSet, projectRollout } from '../../controller/project.ts';
import { positionOf } from '../../engine/command-target.ts';
import { analysisRunReportSchema, reportAnalysisRun, type AnalysisRunReport } from './analysis-run-report.ts';
import { experimentReportSchema, reportExperiment } from './experiment-report.ts';
import { imagesOf, reportRevisions, revisionReportSchema, type RevisionReport } from './revision-report.ts';
import { reportRollout, rolloutLineFields, strategyOf } from './rollout-report.ts';
import { reportRoutes, routeReportSchema } from './route-report.ts';
import { reportSteps, stepReportSchema } from './step-report.ts';

const decisionSchema = object({ code: text, message: text, state: text, at: text }, {});

/** The newest decision about a Rollout: why something was done, or why nothing was. */
export type DecisionReport = Static<typeof decisionSchema>;

const conditionSchema = object({ type: text, status: text, reason: text, message: text, lastTransitionTime: text }, {});

const workloadReportSchema = object({ kind: text, name: text, found: boolean }, { scaleDown: text, replicas: int32 });

/** The workload that a Rollout takes its pod template from. `replicas` are those that a Deployment still asks for. */
export type WorkloadReport = Static<typeof workloadReportSchema>;

/** Schema of everything about one Rollout. */
export const rolloutDetailSchema = object(
  {
    ...rolloutLineFields.required,
    resourceVersion: text,
    hash: text,
    stableHash: text,
    position: text,
    aborted: boolean,
    paused: boolean,
    pauses: list(object({ reason: text, startTime: text }, {})),
    images: list(object({ image: text, roles: list(text) }, {})),
    services: map(text),
    routes: list(routeReportSchema),
    steps: list(stepReportSchema),
    revisions: list(revisionReportSchema),
    analysisRuns: list(analysisRunReportSchema),
    experiments: list(experimentReportSchema),
    conditions: list(conditionSchema),
  },
  { ...rolloutLineFields.optional, decision: decisionSchema, workload: workloadReportSchema },
);

/**
 * Everything about one Rollout. A command for it names `hash` as the revision and, when it lets an update go on,
 * `position`. `services` are names by role.
 */
export type RolloutDetail = Static<typeof rolloutDetailSchema>;

/** What a detail is made from, as read from the cluster. */
export interface RolloutObjects {
  readonly rollout: KubeObject;
  /** Controlled by the Rollout. */
  readonly replicaSets: readonly KubeObject[];
  /** Controlled by one of the ReplicaSets, or by one of an Experiment. */
  readonly pods: readonly KubeObject[];
  /** Controlled by the Rollout. */
  readonly analysisRuns: readonly KubeObject[];
  /** Controlled by the Rollout; none when absent. */
  readonly experiments?: readonly KubeObject[];
  /** ReplicaSets of these; their pods are among `pods`. */
  readonly experimentSets?: readonly KubeObject[];
  /** The object that `workloadRef` names; undefined without one, and when it does not exist. */
  readonly workload?: KubeObject | undefined;
}

/** Reports everything about a Rollout. `nowMs` is milliseconds since the epoch. */
export function reportRolloutDetail(
  objects: RolloutObjects,
  decision: DecisionReport | undefined,
  nowMs: number,
): RolloutDetail {
  const { workload } = objects;
  const rollout = withTemplate(objects.rollout as unknown as Rollout, workload);
  const view = projectRollout({ ...rollout });
  const { status, spec } = view;
  // A workload that is gone leaves the revision as it was.
  const isLost = spec.workloadRef !== undefined && workload === undefined;
  const views = objects.replicaSets.map(projectReplicaSet);
  const hash = isLost ? (status.currentPodHash ?? '') : hashInUse(view, status, views);
  const known = {
    current: views.find((set) => set.hash === hash),
    stable: views.find((set) => set.hash === status.stableRS),
  };
  const runs = objects.analysisRuns.map(reportAnalysisRun).sort(byAge);
  const strategy = strategyOf({ spec });
  const revisions = reportRevisions(objects.replicaSets, objects.pods, strategy, status, namesByHash(runs));
  return {
    ...reportRollout(objects.rollout, known),
    resourceVersion: view.resourceVersion,
    hash,
    stableHash: status.stableRS ?? '',
    position: positionOf({ spec, status }),
    aborted: status.abort === true,
    paused: spec.paused === true,
    pauses: status.pauseConditions ?? [],
    images: imagesInUse(rollout, revisions),
    services: servicesOf(rollout),
    routes: reportRoutes(view, known.current),
    steps: reportSteps({ ...rollout, status }, nowMs),
    revisions,
    analysisRuns: runs,
    experiments: reportExperiments(objects),
    conditions: status.conditions ?? [],
    decision,
    workload: reportWorkload(spec, workload),
  };
}

function withTemplate(rollout: Rollout, workload: KubeObject | undefined): Rollout {
  return workload === undefined
    ? rollout
    : { ...rollout, spec: { ...rollout.spec, template: workloadTemplate(workload) } };
}

function reportWorkload({ workloadRef }: RolloutSpec, workload: KubeObject | undefined): WorkloadReport | undefined {
  if (workloadRef === undefined) return undefined;
  const { kind = '', name = '', scaleDown } = workloadRef;
  const { replicas } = recordOf(workload?.['spec']);
  return { kind, name, found: workload !== undefined, scaleDown, replicas: numberOf(replicas) };
}

function reportExperiments({ experiments = [], experimentSets = [], pods }: RolloutObjects) {
  return experiments.map((one) => reportExperiment(one, { replicaSets: experimentSets, pods })).sort(byAge);
}

function byAge(left: Aged, right: Aged): number {
  return `${left.createdAt} ${left.name}`.localeCompare(`${right.createdAt} ${right.name}`);
}

type Aged = Pick<AnalysisRunReport, 'createdAt' | 'name'>;

function namesByHash(runs: readonly AnalysisRunReport[]): ReadonlyMap<string, readonly string[]> {
  const groups = Map.groupBy(runs, ({ hash }) => hash);
  return new Map([...groups].map(([hash, members]) => [hash, members.map(({ name }) => name)]));
}

/** Images of revisions that have pods, and of the one that is asked for. */
function imagesInUse({ spec }: Rollout, revisions: readonly RevisionReport[]): RolloutDetail['images'] {
  const roles = new Map<string, Set<string>>(imagesOf(spec.template).map((image) => [image, new Set()]));
  for (const revision of revisions) {
    const { replicaSet } = revision;
    if (replicaSet === undefined || replicaSet.current + replicaSet.desired === 0) continue;
    for (const image of replicaSet.images) {
      const known = roles.get(image) ?? new Set<string>();
      for (const role of revision.roles) known.add(role);
      roles.set(image, known);
    }
  }
  return [...roles].map(([image, names]) => ({ image, roles: [...names] }));
}

function servicesOf({ spec }: Rollout): Readonly<Record<string, string>> {
  const { canary, blueGreen } = spec.strategy ?? {};
  const named = {
    stable: canary?.stableService,
    canary: canary?.canaryService,
    active: blueGreen?.activeService,
    preview: blueGreen?.previewService,
  };
  return Object.fromEntries(Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
