import type { AnalysisRunSpec } from '../api/analysis-run.ts';
import type { ExperimentStep } from '../api/canary-step.ts';
import type { ExperimentAnalysis } from '../api/experiment.ts';
import type { PodMetadata } from '../api/pod-metadata.ts';
import type { RolloutStatus } from '../api/rollout.ts';
import type { TrafficPlan } from '../api/traffic.ts';
import type { StepPluginCall } from './step-plugin.ts';

/** What is to be done about one Rollout now, and why. "Nothing" is a decision too. */
export interface Decision {
  readonly reason: Reason;
  /** Path of the settled state, e.g. `canary.step.pause.waiting`. */
  readonly state: string;
  /** In the order in which they must be done (see `EffectPhase`). Doing stops at the first failure. */
  readonly effects: readonly Effect[];
  /** The complete next status. Written once, after the effects, and only when it differs from the stored one. */
  readonly status: RolloutStatus;
  /** Emitted after the status was written. */
  readonly events: readonly Notice[];
  /** When to decide again even if nothing is observed, in milliseconds since the epoch. */
  readonly lookAgainAt?: number;
}

/** One line that is the log line, the CLI's line and the audit record's reason. */
export interface Reason {
  /** One CamelCase word. */
  readonly code: string;
  readonly message: string;
}

/** A Kubernetes Event about the Rollout. */
export interface Notice {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** The effect that it tells of: once that is done it is true, whatever becomes of the rest of the pass. */
  readonly follows?: Effect;
}

/** What is done about the AnalysisRuns of a Rollout, and of an Experiment. */
export type AnalysisRunEffect =
  | {
      readonly kind: 'createAnalysisRun';
      readonly phase: 'analyse';
      readonly name: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
      readonly spec: AnalysisRunSpec;
    }
  | { readonly kind: 'terminateAnalysisRun'; readonly phase: 'analyse'; readonly name: string };

/**
 * The order of effects is a safety property:
 *
 * 1. `lower`: users leave the revision that may be harmful before anything else is touched;
 * 2. `grow`: capacity comes before traffic;
 * 3. `raise`: traffic moves only onto capacity that is there;
 * 4. `analyse`: evidence is collected about what now runs;
 * 5. `shrink`: capacity goes only in a pass that needs none of 1 to 3, and after a fresh read of every router object;
 * 6. `record`: bookkeeping on metadata, and history.
 *
 * The status and then the events follow.
 */
export type EffectPhase = 'lower' | 'grow' | 'raise' | 'analyse' | 'shrink' | 'record';

/** One change to the cluster. Names are of objects in the Rollout's namespace. */
export type Effect =
  | { readonly kind: 'setTraffic'; readonly phase: 'lower' | 'raise'; readonly plan: TrafficPlan }
  | {
      readonly kind: 'switchService';
      /** `grow` for a preview: nobody is led anywhere by it. */
      readonly phase: 'lower' | 'grow' | 'raise';
      readonly service: string;
      /** Pod-template hash the selector is to have; empty removes it from the selector. */
      readonly hash: string;
      readonly previousHash: string;
    }
  | {
      readonly kind: 'createReplicaSet';
      readonly phase: 'grow';
      readonly name: string;
      readonly hash: string;
      readonly revision: number;
      readonly desiredReplicas: number;
      /** Beside the labels and annotations of the template. */
      readonly podMetadata: PodMetadata;
    }
  | {
      readonly kind: 'scaleReplicaSet';
      readonly phase: 'grow' | 'shrink';
      readonly name: string;
      readonly from: number;
      readonly to: number;
      /** spec.replicas of the Rollout, noted on the ReplicaSet. */
      readonly desiredReplicas: number;
      /** Take away the scale-down deadline in the same write. */
      readonly clearScaleDownAt: boolean;
    }
  | {
      readonly kind: 'annotateReplicaSet';
      readonly phase: 'record';
      readonly name: string;
      /** null removes an annotation. */
      readonly annotations: Readonly<Record<string, string | null>>;
    }
  | {
      readonly kind: 'setPodMetadata';
      readonly phase: 'record';
      /** ReplicaSet whose template and pods are changed. */
      readonly name: string;
      /** What was added before and goes where it is not wanted. */
      readonly previous: PodMetadata;
      readonly metadata: PodMetadata;
    }
  | { readonly kind: 'deleteReplicaSet'; readonly phase: 'shrink'; readonly name: string; readonly uid: string }
  | {
      readonly kind: 'annotateRollout';
      readonly phase: 'record';
      readonly annotations: Readonly<Record<string, string>>;
    }
  | AnalysisRunEffect
  | {
      readonly kind: 'createExperiment';
      readonly phase: 'analyse';
      readonly name: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
      readonly step: ExperimentStep;
      /** The step's analyses with the values of their arguments. */
      readonly analyses: readonly ExperimentAnalysis[];
      readonly progressDeadlineSeconds: number | undefined;
      /** The ReplicaSets whose pods its templates are made after. */
      readonly replicaSets: { readonly canary: string; readonly stable: string };
    }
  | { readonly kind: 'terminateExperiment'; readonly phase: 'analyse'; readonly name: string }
  | { readonly kind: 'deleteExperiment'; readonly phase: 'record'; readonly name: string; readonly uid: string }
  | { readonly kind: 'deleteAnalysisRun'; readonly phase: 'record'; readonly name: string; readonly uid: string }
  | {
      readonly kind: 'scaleWorkload';
      readonly phase: 'grow' | 'shrink';
      /** The Deployment that workloadRef names. */
      readonly name: string;
      readonly from: number;
      readonly to: number;
      /** Pods before it was first scaled down, noted on it; undefined takes the note away. */
      readonly scaledDownFrom: number | undefined;
    }
  | { readonly kind: 'callStepPlugin'; readonly phase: 'analyse'; readonly call: StepPluginCall }
  | {
      readonly kind: 'evictPod';
      readonly phase: 'shrink';
      readonly name: string;
      readonly uid: string;
      /** It was not available, so no budget was asked: it may go only as it was seen. */
      readonly isBroken: boolean;
    };

const phaseOrder: readonly EffectPhase[] = ['lower', 'grow', 'raise', 'analyse', 'shrink', 'record'];

/** Puts effects into the order of their phases; the order within a phase stays. */
export function orderEffects<Ordered extends { readonly phase: EffectPhase }>(
  effects: readonly Ordered[],
): readonly Ordered[] {
  return effects.toSorted((left, right) => phaseOrder.indexOf(left.phase) - phaseOrder.indexOf(right.phase));
}
