import type { CanaryStep, SetCanaryScale } from '../api/canary-step.ts';
import { trafficWeightMax } from '../api/rollout-defaults.ts';
import { abortScaleDownDelay } from '../api/scale-down-delay.ts';
import { wantedReplicas, type SizingInput } from './sizing.ts';

/** What the canary is sized from: a share of the maximum weight, which a step may have fixed, or a number of pods. */
export type CanaryScale =
  | { readonly kind: 'weight'; readonly weight: number; readonly fixed: boolean }
  | { readonly kind: 'replicas'; readonly replicas: number };

/** The parts of the sizing input that weights are a function of. */
export type WeightInput = Pick<SizingInput, 'spec' | 'status' | 'newReplicaSet' | 'stableReplicaSet'>;

/**
 * The share of the traffic that the canary should have at the current step, out of the maximum weight: everything when
 * it is promoted fully, when it is stable or when there is no stable revision; nothing after an abort; otherwise what
 * the last setWeight at or before the step says, and everything after the last step.
 */
export function canaryWeight(input: WeightInput): number {
  const weightMax = weightMaxOf(input);
  if (hasAllTraffic(input)) return weightMax;
  if (input.status.abort === true) return abortedWeight(input);
  const reached = stepsReached(input);
  if (reached === undefined) return weightMax;
  const weight = reached.findLast(({ setWeight }) => setWeight !== undefined)?.setWeight ?? 0;
  return Math.min(Math.max(weight, 0), weightMax);
}

/**
 * What the canary is sized from. With a router the last setCanaryScale at or before the step comes before the weight,
 * until one with matchTrafficWeight. An abort ends that, unless an explicit abort delay of 0 keeps the canary.
 */
export function canaryScale(input: WeightInput): CanaryScale {
  const scale = hasAllTraffic(input) ? undefined : scaleInForce(input);
  if (scale?.replicas !== undefined) return { kind: 'replicas', replicas: Math.max(scale.replicas, 0) };
  if (scale?.weight !== undefined) return { kind: 'weight', weight: Math.max(scale.weight, 0), fixed: true };
  return { kind: 'weight', weight: canaryWeight(input), fixed: false };
}

/** The weight that means all traffic. It can only be another than 100 with a router, and is never below 1. */
export function weightMaxOf({ spec }: Pick<SizingInput, 'spec'>): number {
  const weightMax = trafficWeightMax(spec);
  return weightMax > 0 ? weightMax : 100;
}

/** True when the steps do not count: full promotion, first revision, or the current revision is stable. */
function hasAllTraffic({ status }: WeightInput): boolean {
  const stable = status.stableRS ?? '';
  return status.promoteFull === true || stable === '' || status.currentPodHash === stable;
}

/** The steps up to and with the current one; undefined when none is left. */
function stepsReached({ spec, status }: WeightInput): readonly CanaryStep[] | undefined {
  const steps = spec.strategy?.canary?.steps ?? [];
  const index = Math.max(status.currentStepIndex ?? 0, 0);
  return index >= steps.length ? undefined : steps.slice(0, index + 1);
}

function scaleInForce(input: WeightInput): SetCanaryScale | undefined {
  const { spec, status } = input;
  if (spec.strategy?.canary?.trafficRouting === undefined) return undefined;
  if (status.abort === true && abortScaleDownDelay(spec.strategy).seconds !== undefined) return undefined;
  const scale = stepsReached(input)?.findLast(({ setCanaryScale }) => setCanaryScale !== undefined)?.setCanaryScale;
  return scale?.matchTrafficWeight === true ? undefined : scale;
}

/**
 * After an abort the canary gets nothing. With a stable side that shrank while traffic moved, traffic can only return
 * as fast as stable pods come up: the weights of the steps are walked backwards, to the last one that needs fewer
 * canary pods than must still answer.
 */
function abortedWeight(input: WeightInput): number {
  const canary = input.spec.strategy?.canary;
  if (canary?.trafficRouting === undefined || canary.dynamicStableScale !== true) return 0;
  const replicas = wantedReplicas(input.spec);
  const needed = neededAfterAbort(input, replicas);
  const step = canary.steps?.findLast(
    ({ setWeight }) => setWeight !== undefined && podsForWeight(setWeight, replicas, weightMaxOf(input)) < needed,
  );
  return Math.max(step?.setWeight ?? 0, 0);
}

/**
 * Canary pods that must still answer: as many as stable lacks, and all that there are, unless a delay that was asked
 * for keeps the canary's pods apart from its traffic.
 */
function neededAfterAbort({ spec, newReplicaSet, stableReplicaSet }: WeightInput, replicas: number): number {
  const { explicit, seconds } = abortScaleDownDelay(spec.strategy);
  const lacking = replicas - (stableReplicaSet?.availableReplicas ?? 0);
  return explicit && seconds !== undefined ? lacking : Math.max(lacking, newReplicaSet?.availableReplicas ?? 0);
}

/** Pods that carry a share of the traffic, rounded up. */
export function podsForWeight(weight: number, replicas: number, weightMax: number): number {
  return Math.ceil((weight * replicas) / weightMax);
}
