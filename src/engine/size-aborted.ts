import { abortScaleDownDelay, scaleDownDeadlineMs } from '../api/scale-down-delay.ts';
import { emptyStage, hasStableBeside, resize, wantedReplicas, type SizingInput, type SizingStage } from './sizing.ts';

/**
 * True when the new ReplicaSet of an aborted update keeps its pods for a while: with a router or blue/green, beside a
 * stable revision. An explicit delay of 0 and, unless a delay is given, dynamicStableScale settle its size themselves.
 */
export function delaysAbortedScaleDown(input: SizingInput): boolean {
  const { spec, status } = input;
  const canary = spec.strategy?.canary;
  if (status.abort !== true || !hasStableBeside(input)) return false;
  if (canary !== undefined && canary.trafficRouting === undefined) return false;
  const { seconds, explicit } = abortScaleDownDelay(spec.strategy);
  return seconds !== undefined && (explicit || canary?.dynamicStableScale !== true);
}

/**
 * The new ReplicaSet after an abort: its deadline is set once stable is complete, for until then its pods may still be
 * needed; when the deadline is over its pods go, unless users are still led to them.
 */
export function sizeAborted(input: SizingInput): SizingStage {
  const { newReplicaSet, stableReplicaSet, spec, now } = input;
  if (newReplicaSet === undefined || stableReplicaSet === undefined) return emptyStage;
  const { name, hash, scaleDownAt } = newReplicaSet;
  if (scaleDownAt === undefined) {
    const delaySeconds = abortScaleDownDelay(spec.strategy).seconds ?? 0;
    const complete = stableReplicaSet.availableReplicas >= wantedReplicas(spec);
    return complete
      ? { sizes: [], deadlines: [{ name, scaleDownAt: scaleDownDeadlineMs(now, delaySeconds) }] }
      : emptyStage;
  }
  if (scaleDownAt > now || hasUsers(input, hash)) return emptyStage;
  return { sizes: resize(newReplicaSet, 0, false), deadlines: [] };
}

/** True while requests of users are still led to the revision. */
function hasUsers({ weights, activeHash }: SizingInput, hash: string): boolean {
  return activeHash === hash || (weights?.canary ?? 0) > 0;
}
