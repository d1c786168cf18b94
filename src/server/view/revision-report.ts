import type { Static } from 'typebox';

import { controllerUid } from '../../api/controller-owner.ts';
import { listOf, recordOf, textOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import type { RolloutStatus } from '../../api/rollout.ts';
import { int32, list, object, stringEnum, text } from '../../api/schema.ts';
import { formatInstant } from '../../base/instant.ts';
import { projectReplicaSet } from '../../controller/project.ts';
import type { ReplicaSetView } from '../../engine/world.ts';
import { podReportSchema, reportPod } from './pod-report.ts';

/** Schema of a ReplicaSet as people see it. */
export const replicaSetReportSchema = object(
  {
    name: text,
    createdAt: text,
    status: stringEnum(['Healthy', 'Progressing', 'Degraded', 'ScaledDown']),
    desired: int32,
    current: int32,
    ready: int32,
    available: int32,
    images: list(text),
    pods: list(podReportSchema),
  },
  { message: text, scaleDownAt: text },
);

/** One ReplicaSet and its pods. `scaleDownAt` is when its pods go. */
export type ReplicaSetReport = Static<typeof replicaSetReportSchema>;

/** Schema of a revision as people see it. */
export const revisionReportSchema = object(
  { number: int32, hash: text, roles: list(stringEnum(['stable', 'canary', 'active', 'preview'])) },
  { replicaSet: replicaSetReportSchema, analysisRuns: list(text) },
);

/** One revision: what it is to users, its ReplicaSet, and the names of the AnalysisRuns about it. */
export type RevisionReport = Static<typeof revisionReportSchema>;

/** What part a revision has in an update. */
export type RevisionRole = RevisionReport['roles'][number];

/** Reports the revisions of a Rollout, newest first. `runs` are names of AnalysisRuns by hash. */
export function reportRevisions(
  replicaSets: readonly KubeObject[],
  pods: readonly KubeObject[],
  strategy: 'Canary' | 'BlueGreen' | '',
  status: RolloutStatus,
  runs: ReadonlyMap<string, readonly string[]>,
): readonly RevisionReport[] {
  const ownedPods = Map.groupBy(pods, (pod) => controllerUid(pod) ?? '');
  return replicaSets
    .map((replicaSet): RevisionReport => {
      const view = projectReplicaSet(replicaSet);
      return {
        number: view.revision,
        hash: view.hash,
        roles: rolesOf(view.hash, strategy, status),
        replicaSet: reportReplicaSet(replicaSet, view, ownedPods.get(view.uid) ?? []),
        analysisRuns: runs.get(view.hash) ?? [],
      };
    })
    .sort((left, right) => right.number - left.number || left.hash.localeCompare(right.hash));
}

/** Images of a pod template, in the order of its containers. */
export function imagesOf(template: unknown): readonly string[] {
  const images = listOf(recordOf(recordOf(template)['spec'])['containers']).map((one) =>
    textOf(recordOf(one)['image']),
  );
  return images.filter((image) => image !== '');
}

function rolesOf(hash: string, strategy: string, status: RolloutStatus): RevisionRole[] {
  const { stableRS, currentPodHash, blueGreen = {} } = status;
  const isStable = hash === stableRS;
  const isPreview = hash === blueGreen.previewSelector && hash !== blueGreen.activeSelector;
  return [
    ...(isStable ? (['stable'] as const) : []),
    ...(strategy === 'Canary' && hash === currentPodHash && !isStable ? (['canary'] as const) : []),
    ...(strategy === 'BlueGreen' && hash === blueGreen.activeSelector ? (['active'] as const) : []),
    ...(strategy === 'BlueGreen' && isPreview ? (['preview'] as const) : []),
  ];
}

/** Reports a ReplicaSet and its pods. */
export function reportReplicaSet(
  replicaSet: KubeObject,
  view: ReplicaSetView,
  pods: readonly KubeObject[],
): ReplicaSetReport {
  return {
    name: view.name,
    createdAt: replicaSet.metadata.creationTimestamp ?? '',
    status: statusOf(view),
    desired: view.specReplicas,
    current: view.statusReplicas,
    ready: view.readyReplicas,
    available: view.availableReplicas,
    images: imagesOf(recordOf(replicaSet['spec'])['template']),
    pods: pods.toSorted((left, right) => orderOf(left).localeCompare(orderOf(right))).map(reportPod),
    message: view.failure,
    scaleDownAt: view.scaleDownAt === undefined ? undefined : formatInstant(view.scaleDownAt),
  };
}

function orderOf({ metadata }: KubeObject): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
}

function statusOf(view: ReplicaSetView): ReplicaSetReport['status'] {
  if (view.failure !== undefined) return 'Degraded';
  if (view.specReplicas === 0 && view.statusReplicas === 0) return 'ScaledDown';
  const { specReplicas, statusReplicas, availableReplicas } = view;
  return statusReplicas === specReplicas && availableReplicas === specReplicas ? 'Healthy' : 'Progressing';
}
