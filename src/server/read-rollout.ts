import { controllerUid, isControlledBy } from '../api/controller-owner.ts';
import type { LabelSelector } from '../api/label-selector.ts';
import type { KubeObject } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import type { Rollout } from '../api/rollout.ts';
import { selectorFromObject, selectorText } from '../api/selector.ts';
import { workloadType } from '../api/workload.ts';
import { hasCode, SluiceError } from '../base/error.ts';
import type { Call, ClusterPort } from '../cluster/port.ts';
import { listAll } from './list-all.ts';
import type { ObjectName } from './object-name.ts';
import type { RolloutObjects } from './view/rollout-detail.ts';

/** A Rollout with all that belongs to it. Everything up to `resourceVersion` is in it. */
export interface RolloutSnapshot {
  readonly objects: RolloutObjects;
  readonly resourceVersion: string;
}

/**
 * Reads a Rollout, its ReplicaSets, their pods, its AnalysisRuns and its Experiments. Rejects with NotFound when it
 * does not exist.
 */
export async function readRollout(
  cluster: ClusterPort,
  { namespace, name }: ObjectName,
  call: Call,
): Promise<RolloutSnapshot> {
  // The list is read first: its version is the oldest of all, and so a watch from it misses nothing.
  const query = { namespace, fieldSelector: `metadata.name=${name}` };
  const { items, resourceVersion } = await listAll(cluster, resourceTypes.rollout, query, call);
  const [rollout] = items;
  if (rollout === undefined) throw new SluiceError('NotFound', missingText({ namespace, name }));
  const selected = { namespace, ...selectorOf(rollout) };
  const [replicaSets, pods, analysisRuns, experiments, workload] = await Promise.all([
    listAll(cluster, resourceTypes.replicaSet, selected, call),
    listAll(cluster, resourceTypes.pod, selected, call),
    listAll(cluster, resourceTypes.analysisRun, { namespace, ...labelsOf(rollout) }, call),
    listAll(cluster, resourceTypes.experiment, { namespace }, call),
    readWorkload(cluster, rollout as unknown as Rollout, call),
  ]);
  const isOwned = (object: KubeObject): boolean => isControlledBy(object, rollout.metadata.uid);
  const owned = replicaSets.items.filter(isOwned);
  const tried = experiments.items.filter(isOwned);
  // Pods of Experiments have the labels of the Rollout's pods, unless a step says otherwise.
  const experimentSets = replicaSets.items.filter((set) =>
    tried.some(({ metadata }) => isControlledBy(set, metadata.uid)),
  );
  const owners = new Set([...owned, ...experimentSets].map(({ metadata }) => metadata.uid));
  return {
    objects: {
      rollout,
      replicaSets: owned,
      pods: pods.items.filter((pod) => owners.has(controllerUid(pod) ?? '')),
      analysisRuns: analysisRuns.items.filter(isOwned),
      experiments: tried,
      experimentSets,
      workload,
    },
    resourceVersion,
  };
}

/** The workload that a Rollout refers to; undefined without one, and when it does not exist. */
async function readWorkload(cluster: ClusterPort, { metadata, spec }: Rollout, call: Call) {
  const type = workloadType(spec.workloadRef ?? {});
  if (type === undefined) return undefined;
  const at = { type, namespace: metadata.namespace ?? '', name: spec.workloadRef?.name ?? '' };
  return cluster.get(at, call).catch((error: unknown) => {
    if (hasCode(error, 'NotFound')) return undefined;
    throw error;
  });
}

/** What a person is told about a Rollout that does not exist. */
export function missingText({ namespace, name }: ObjectName): string {
  return `there is no Rollout ${name} in namespace ${namespace}`;
}

/** The selector of a Rollout for list and watch requests; everything when it has none that can be read. */
export function selectorOf(rollout: KubeObject): Selected {
  const { spec } = rollout as unknown as Partial<Rollout>;
  return textOf(spec?.selector ?? {});
}

/** The labels that its AnalysisRuns get from its selector. */
export function labelsOf(rollout: KubeObject): Selected {
  const { spec } = rollout as unknown as Partial<Rollout>;
  return textOf({ matchLabels: spec?.selector?.matchLabels });
}

interface Selected {
  readonly labelSelector?: string;
}

function textOf(object: LabelSelector): Selected {
  const selector = selectorFromObject(object);
  const labelSelector = selector.ok ? selectorText(selector.value) : '';
  return labelSelector === '' ? {} : { labelSelector };
}
