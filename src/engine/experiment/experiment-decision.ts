import type { ExperimentStatus } from '../../api/experiment.ts';
import { unreachable } from '../../base/invariant.ts';
import type { AnalysisRunEffect, Notice, Reason } from '../decision.ts';
import type { ExperimentServicePort } from './experiment-world.ts';

/** What is to be done about one Experiment now, and why. */
export interface ExperimentDecision {
  readonly reason: Reason;
  /** In the order in which they must be done. Doing stops at the first failure. */
  readonly effects: readonly ExperimentEffect[];
  /** The complete next status. Written once, after the effects, and only when it differs from the stored one. */
  readonly status: ExperimentStatus;
  /** Emitted after the status was written. */
  readonly events: readonly Notice[];
  /** When to decide again even if nothing is observed, in milliseconds since the epoch. */
  readonly lookAgainAt?: number;
}

/** One change to the cluster. Phases are those of a Rollout's effects; names are of objects in the same namespace. */
export type ExperimentEffect =
  | {
      readonly kind: 'createReplicaSet';
      readonly phase: 'grow';
      readonly name: string;
      /** Name of the template. */
      readonly template: string;
      readonly hash: string;
    }
  | {
      readonly kind: 'createService';
      readonly phase: 'grow';
      readonly name: string;
      readonly template: string;
      readonly selector: Readonly<Record<string, string>>;
      readonly ports: readonly ExperimentServicePort[];
    }
  | {
      readonly kind: 'scaleReplicaSet';
      readonly phase: 'grow' | 'shrink';
      readonly name: string;
      readonly from: number;
      readonly to: number;
    }
  | {
      readonly kind: 'annotateReplicaSet';
      readonly phase: 'record';
      readonly name: string;
      /** null removes an annotation. */
      readonly annotations: Readonly<Record<string, string | null>>;
    }
  | AnalysisRunEffect
  | { readonly kind: 'deleteService'; readonly phase: 'shrink'; readonly name: string; readonly uid: string };

/** An effect in one line. */
export function experimentEffectText(effect: ExperimentEffect): string {
  switch (effect.kind) {
    case 'createReplicaSet':
      return `create ReplicaSet ${effect.name} for template ${effect.template}`;
    case 'createService':
      return `create Service ${effect.name} for template ${effect.template}`;
    case 'scaleReplicaSet':
      return `scale ReplicaSet ${effect.name} from ${effect.from} to ${effect.to}`;
    case 'annotateReplicaSet':
      return `note on ReplicaSet ${effect.name}: ${Object.keys(effect.annotations).join(', ')}`;
    case 'createAnalysisRun':
      return `start AnalysisRun ${effect.name}`;
    case 'terminateAnalysisRun':
      return `stop AnalysisRun ${effect.name}`;
    case 'deleteService':
      return `delete Service ${effect.name}, which leads to no pods any more`;
    default:
      return unreachable(effect);
  }
}
