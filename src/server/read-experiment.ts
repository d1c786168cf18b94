import { controllerUid, isControlledBy } from '../api/controller-owner.ts';
import type { KubeObject } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import { SluiceError } from '../base/error.ts';
import type { Call, ClusterPort } from '../cluster/port.ts';
import { listAll } from './list-all.ts';
import type { ObjectName } from './object-name.ts';
import type { ExperimentObjects } from './view/experiment-detail.ts';

/** An Experiment with all that belongs to it. Everything up to `resourceVersion` is in it. */
export interface ExperimentSnapshot {
  readonly objects: ExperimentObjects;
  readonly resourceVersion: string;
}

/** Reads an Experiment, its ReplicaSets, their pods and its AnalysisRuns. Rejects with NotFound without it. */
export async function readExperiment(
  cluster: ClusterPort,
  { namespace, name }: ObjectName,
  call: Call,
): Promise<ExperimentSnapshot> {
  // The list is read first: its version is the oldest of all, and so a watch from it misses nothing.
  const query = { namespace, fieldSelector: `metadata.name=${name}` };
  const { items, resourceVersion } = await listAll(cluster, resourceTypes.experiment, query, call);
  const [experiment] = items;
  if (experiment === undefined) throw new SluiceError('NotFound', missingExperimentText({ namespace, name }));
  const [sets, pods, runs] = await Promise.all([
    listAll(cluster, resourceTypes.replicaSet, { namespace }, call),
    listAll(cluster, resourceTypes.pod, { namespace }, call),
    listAll(cluster, resourceTypes.analysisRun, { namespace }, call),
  ]);
  const isOwned = (object: KubeObject): boolean => isControlledBy(object, experiment.metadata.uid);
  const replicaSets = sets.items.filter(isOwned);
  const owners = new Set(replicaSets.map(({ metadata }) => metadata.uid));
  return {
    objects: {
      experiment,
      replicaSets,
      pods: pods.items.filter((pod) => owners.has(controllerUid(pod) ?? '')),
      analysisRuns: runs.items.filter(isOwned),
    },
    resourceVersion,
  };
}

/** What a person is told about an Experiment that does not exist. */
export function missingExperimentText({ namespace, name }: ObjectName): string {
  return `there is no Experiment ${name} in namespace ${namespace}`;
}
