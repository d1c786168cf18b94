import { canaryCounts, isRouted } from './canary-counts.ts';
import { canaryScale, podsForWeight, weightMaxOf } from './canary-weight.ts';
import { composeSizing } from './compose-sizing.ts';
import { delaysAbortedScaleDown, sizeAborted } from './size-aborted.ts';
import { sizeOlder } from './size-older.ts';
import {
  emptyStage,
  hasStableBeside,
  resize,
  wantedReplicas,
  type SizedReplicaSet,
  type Sizing,
  type SizingInput,
  type SizingStage,
} from './sizing.ts';

/** Sizes of a canary by group, in the order of the reference: a group is due when those before it have their size. */
export interface CanaryPlan {
  readonly stable: SizingStage;
  readonly new: SizingStage;
  readonly older: SizingStage;
}

/**
 * What one pass does about the sizes of a canary's ReplicaSets: all growth that is allowed, and only when there is none
 * what shrinks of one group. The caller leaves out what shrinks while traffic is being moved or routers were not read.
 */
export function sizeCanary(input: SizingInput): Sizing {
  const plan = planCanary(input);
  return composeSizing(input, [plan.stable, plan.new, plan.older]);
}

/** The sizes towards which a canary goes. Nothing is done while a person or an inconclusive analysis holds it. */
export function planCanary(input: SizingInput): CanaryPlan {
  if (isHeld(input)) return { stable: emptyStage, new: emptyStage, older: emptyStage };
  const { newReplicaSet, stableReplicaSet } = input;
  const counts = canaryCounts(input);
  return {
    stable: hasStableBeside(input) ? sizeInUse(stableReplicaSet, counts.stable) : emptyStage,
    new: delaysAbortedScaleDown(input) ? sizeAborted(input) : sizeInUse(newReplicaSet, heldCanary(input, counts.new)),
    older: sizeOlder(input),
  };
}

/** The canary's size, without growth while its pods would get users whom no step gives it. */
function heldCanary(input: SizingInput, wanted: number): number {
  const kept = keptCanary(input, wanted);
  return input.holdsNew === true ? Math.min(kept, input.newReplicaSet?.specReplicas ?? 0) : kept;
}

/**
 * While stable cannot carry the rest yet, the canary may have a larger share than its step gives it; it keeps the pods
 * for that. A size that a step fixes is taken as it is.
 */
function keptCanary(input: SizingInput, wanted: number): number {
  const { spec, weights, newReplicaSet } = input;
  const scale = canaryScale(input);
  if (!isRouted(input) || scale.kind === 'replicas' || scale.fixed) return wanted;
  const needed = podsForWeight(weights?.canary ?? 0, wantedReplicas(spec), weightMaxOf(input));
  return Math.max(wanted, Math.min(newReplicaSet?.specReplicas ?? 0, needed));
}

/** An abort brings users back whatever holds the update, and a change of spec.replicas is followed at once. */
function isHeld({ spec, status, scalingEvent }: SizingInput): boolean {
  if (status.abort === true || scalingEvent) return false;
  const inconclusive = (status.pauseConditions ?? []).some(({ reason }) => reason === 'InconclusiveAnalysisRun');
  return spec.paused === true || inconclusive;
}

/** A ReplicaSet that is new or stable has no deadline: a revision may come back while it waited for its scale-down. */
export function sizeInUse(replicaSet: SizedReplicaSet | undefined, to: number): SizingStage {
  if (replicaSet === undefined) return emptyStage;
  const sizes = resize(replicaSet, to, true);
  const deadlines =
    sizes.length === 0 && replicaSet.scaleDownAt !== undefined
      ? [{ name: replicaSet.name, scaleDownAt: undefined }]
      : [];
  return { sizes, deadlines };
}
