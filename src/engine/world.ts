import type { AnalysisPhase } from '../api/analysis-run.ts';
import type { AnalysisTemplateSpec } from '../api/analysis-template.ts';
import type { FieldTexts } from '../api/field-path.ts';
import type { RolloutSpec, RolloutStatus } from '../api/rollout.ts';
import type { TrafficPlan, TrafficReading } from '../api/traffic.ts';
import type { StepPluginsView } from './step-plugin.ts';

/**
 * Everything one decision is made from: projections of what was observed, and the time. Nothing else may influence a
 * decision, so the same world always gives the same decision.
 */
export interface World {
  /** Wall time of the observation, in milliseconds since the epoch. */
  readonly now: number;
  readonly rollout: RolloutView;
  /** ReplicaSets controlled by the Rollout, in no particular order. */
  readonly replicaSets: readonly ReplicaSetView[];
  /** The Services the Rollout names, by name; one that does not exist is absent. */
  readonly services: ReadonlyMap<string, ServiceView>;
  /** Readings of the router objects, one per router; empty without traffic routing. */
  readonly traffic: readonly RouterView[];
  /** AnalysisRuns controlled by the Rollout. */
  readonly analysisRuns: readonly AnalysisRunView[];
  /** Experiments controlled by the Rollout. */
  readonly experiments: readonly StepExperimentView[];
  /** Templates the Rollout names (and those they name), by `templateKey`; one that does not exist is absent. */
  readonly templates: ReadonlyMap<string, AnalysisTemplateSpec>;
  /** Calls of step plug-ins; absent without a plug-in step. */
  readonly stepPlugins?: StepPluginsView | undefined;
  /** Pods of the Rollout; only observed while a restart is asked for. */
  readonly pods: readonly PodView[];
  /** What is wrong with the specification or with what it refers to; empty when all is well. */
  readonly problems: readonly SpecProblem[];
  /** Why a raise or a promotion must wait, as found outside the Rollout (freeze windows, budgets, approvals). */
  readonly holds: readonly Hold[];
}

/** The Rollout without its pod template. */
export interface RolloutView {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly createdAt: number;
  readonly deleting: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Without `template`. */
  readonly spec: RolloutSpec;
  /** What arguments of analyses take from the pod template, by the path; absent when they take nothing. */
  readonly templateFields?: FieldTexts;
  /** Hash of the pod template with the status' collision count. */
  readonly templateHash: string;
  /** Hash of the canary steps; empty for blue/green. */
  readonly stepsHash: string;
  /** As stored. */
  readonly status: RolloutStatus;
  /** The object that workloadRef names; undefined without one. */
  readonly workload?: WorkloadView;
}

/** The Deployment, ReplicaSet or PodTemplate that a Rollout takes its pod template from. */
export interface WorkloadView {
  readonly name: string;
  readonly generation: number;
  /** Pods that a Deployment asks for; undefined for other kinds, which are never scaled. */
  readonly replicas: number | undefined;
  /** Pods that it asked for before it was scaled down in favour of the Rollout. */
  readonly scaledDownFrom: number | undefined;
}

/** One ReplicaSet. Counts are pods. */
export interface ReplicaSetView {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Value of the pod-template hash label. */
  readonly hash: string;
  /** 0 when it has no readable revision annotation. */
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly deleting: boolean;
  readonly specReplicas: number;
  readonly statusReplicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  /** spec.replicas of the Rollout when it was last scaled; undefined when never noted. */
  readonly desiredReplicas: number | undefined;
  /** When it may be scaled down, in milliseconds since the epoch; undefined without a (readable) deadline. */
  readonly scaleDownAt: number | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  /** The ReplicaFailure condition's message while it is True. */
  readonly failure?: string;
}

/** One Service. */
export interface ServiceView {
  readonly name: string;
  readonly resourceVersion: string;
  /** Pod-template hash in its selector; empty when it selects every revision. */
  readonly hash: string;
  /** Names of the Rollouts that manage it, from its annotation. */
  readonly managedBy: readonly string[];
}

/** One router as it was read. */
export interface RouterView {
  /** Key of the router under `trafficRouting` or `trafficRouting.plugins`. */
  readonly router: string;
  readonly reading: TrafficReading;
  /** True when every object was read after our last write to it (always so with write-back memory). */
  readonly fresh: boolean;
  /**
   * True when the objects say all that a plan says, also what a reading does not tell, such as the conditions of
   * managed routes. Pure, like the router behind it; absent where a reading tells everything.
   */
  readonly says?: (plan: TrafficPlan) => boolean;
}

/** One AnalysisRun. */
export interface AnalysisRunView {
  readonly name: string;
  readonly uid: string;
  readonly hash: string;
  /** The label `rollout-type`. */
  readonly role: 'Step' | 'Background' | 'PrePromotion' | 'PostPromotion' | '';
  readonly stepIndex: number | undefined;
  readonly createdAt: number;
  readonly deleting: boolean;
  readonly terminating: boolean;
  /** Empty before its first status. */
  readonly phase: AnalysisPhase | '';
  readonly message: string;
  readonly startedAt: number | undefined;
  readonly completedAt: number | undefined;
  /** True when it is Successful and each metric that counts has shown something: without evidence no gate is passed. */
  readonly measured: boolean;
}

/** One Experiment of a step, as its Rollout sees it. */
export interface StepExperimentView {
  readonly name: string;
  readonly uid: string;
  readonly hash: string;
  readonly createdAt: number;
  readonly deleting: boolean;
  readonly terminating: boolean;
  /** Empty before its first status. */
  readonly phase: AnalysisPhase | '';
  readonly message: string;
  /** True when it is Successful and every analysis that it is judged by has shown something. */
  readonly measured: boolean;
  readonly templates: readonly StepExperimentTemplate[];
}

/** One template of such an Experiment. Counts are pods. */
export interface StepExperimentTemplate {
  readonly name: string;
  /** Name of its Service; empty while it has none. */
  readonly service: string;
  /** Pod-template hash of its ReplicaSet; empty before it has one. */
  readonly hash: string;
  readonly replicas: number;
  readonly specReplicas: number;
  readonly available: number;
}

/** One pod, for restarts. */
export interface PodView {
  readonly name: string;
  readonly uid: string;
  readonly hash: string;
  readonly createdAt: number;
  readonly deleting: boolean;
  readonly available: boolean;
}

/** One thing that is wrong with the specification. */
export interface SpecProblem {
  /** Path such as `spec.strategy.canary.steps[0].setWeight`. */
  readonly field: string;
  readonly message: string;
}

/** One reason to wait. */
export interface Hold {
  /** Reason in one CamelCase word, e.g. `FreezeWindow`. */
  readonly reason: string;
  readonly message: string;
  /** When to ask again, in milliseconds since the epoch; undefined when an event will tell. */
  readonly until?: number;
}

/** Key of a template in `World.templates`. */
export function templateKey(name: string, clusterScoped: boolean): string {
  return `${clusterScoped ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate'}/${name}`;
}
