import type { AnalysisTemplateSpec } from '../api/analysis-template.ts';
import type { KubeObject, ResourceType } from '../api/object.ts';
import type { NamedView } from '../cluster/object-index.ts';
import type { ObservedExperiment } from './experiments/project-experiment.ts';
import type { ObservedWorkload } from './project-workload.ts';
import type { ObservedPod, ObservedReplicaSet, ObservedRun, ObservedService } from './project.ts';
import type { ObservedRollout } from './rollout-projector.ts';

/** A projected cache of one kind, fed by a watch and by the answers to our own writes. */
export interface ObjectCache<View> {
  readonly type: ResourceType;
  get(namespace: string, name: string): View | undefined;
  /** The object with this uid. */
  find(uid: string): View | undefined;
  /** Objects whose controller has this uid. */
  ownedBy(uid: string): readonly View[];
  list(): Iterable<View>;
  /** The same with their names. */
  named(): Iterable<NamedView<View>>;
  /** Takes in the answer to a write or a read, when it is newer than what is there. */
  remember(object: KubeObject): void;
  /** Takes in a deletion; later news about the same uid are ignored. */
  forget(namespace: string, name: string, uid: string): void;
}

/** Everything the controller sees of one cluster. */
export interface Caches {
  readonly rollouts: ObjectCache<ObservedRollout>;
  readonly replicaSets: ObjectCache<ObservedReplicaSet>;
  readonly services: ObjectCache<ObservedService>;
  readonly pods: ObjectCache<ObservedPod>;
  readonly analysisRuns: ObjectCache<ObservedRun>;
  readonly experiments: ObjectCache<ObservedExperiment>;
  readonly analysisTemplates: ObjectCache<AnalysisTemplateSpec>;
  readonly clusterAnalysisTemplates: ObjectCache<AnalysisTemplateSpec>;
  /** Objects of a kind that `workloadRef` may name. */
  workloads(type: ResourceType): ObjectCache<ObservedWorkload>;
  /** Raw objects of a kind that routers use. */
  routerObjects(type: ResourceType): ObjectCache<KubeObject>;
}
