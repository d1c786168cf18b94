import { scaleDownDeadlineMs, scaleDownDelaySeconds, scaleDownRevisionLimit } from '../api/scale-down-delay.ts';
import { composeSizing } from './compose-sizing.ts';
import { delaysAbortedScaleDown, sizeAborted } from './size-aborted.ts';
import { sizeInUse } from './size-canary.ts';
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

/**
 * What one pass does about the sizes of a blue/green Rollout: the active and the stable revision are complete, the new
 * one is complete or as large as its preview, and older ones go after their scale-down delay. All growth comes first;
 * only a pass without growth shrinks.
 */
export function sizeBlueGreen(input: SizingInput): Sizing {
  return composeSizing(input, [sizeStable(input), sizeNew(input), sizeOldActive(input), sizeWaiting(input)]);
}

/**
 * Stable is complete whenever it is not the new revision: users are there, or come back there after an abort. It only
 * shrinks to a smaller spec.replicas while it is active.
 */
function sizeStable(input: SizingInput): SizingStage {
  const { stableReplicaSet, activeHash, spec } = input;
  if (stableReplicaSet === undefined || !hasStableBeside(input)) return emptyStage;
  const replicas = wantedReplicas(spec);
  const isActive = activeHash === stableReplicaSet.hash;
  return sizeInUse(stableReplicaSet, isActive ? replicas : Math.max(stableReplicaSet.specReplicas, replicas));
}

function sizeNew(input: SizingInput): SizingStage {
  const { newReplicaSet } = input;
  if (newReplicaSet === undefined) return emptyStage;
  if (delaysAbortedScaleDown(input)) return sizeAborted(input);
  const stage = sizeInUse(newReplicaSet, newReplicas(input, newReplicaSet));
  // Until it is stable again its delay tells that it was in use a moment ago, and may pass the gates.
  return hasStableBeside(input) ? { ...stage, deadlines: [] } : stage;
}

/**
 * Pods of the new revision: all of them, or previewReplicaCount until the check point is passed. A preview that already
 * is larger, because the revision was in use before, keeps its pods; after an abort, and while users would meet them,
 * it gets no more.
 */
function newReplicas(input: SizingInput, newReplicaSet: SizedReplicaSet): number {
  const replicas = wantedReplicas(input.spec);
  const now = Math.min(newReplicaSet.specReplicas, replicas);
  if (input.holdsNew === true) return now;
  if (input.status.abort === true && hasStableBeside(input) && input.activeHash !== newReplicaSet.hash) return now;
  const preview = previewReplicas(input, newReplicaSet);
  return preview === undefined ? replicas : Math.max(preview, now);
}

/** The preview's number of pods, while the new revision is a preview that has one. */
function previewReplicas(input: SizingInput, { hash }: SizedReplicaSet): number | undefined {
  const { spec, status, activeHash } = input;
  const preview = spec.strategy?.blueGreen?.previewReplicaCount;
  const isPreview = hasActive(input) && activeHash !== hash && status.promoteFull !== true;
  if (preview === undefined || !isPreview || isCheckPointPassed(input, hash)) return undefined;
  return Math.max(preview, 0);
}

/** The check point counts for the revision that the status is about, and not while the update is paused. */
function isCheckPointPassed({ spec, status }: SizingInput, hash: string): boolean {
  const paused = spec.paused === true || (status.pauseConditions ?? []).length > 0;
  return !paused && status.currentPodHash === hash && status.blueGreen?.scaleUpPreviewCheckPoint === true;
}

function hasActive({ activeHash, newReplicaSet, stableReplicaSet, olderReplicaSets }: SizingInput): boolean {
  return [newReplicaSet, stableReplicaSet, ...olderReplicaSets].some(
    (replicaSet) => replicaSet !== undefined && replicaSet.hash === activeHash,
  );
}

/**
 * The active Service may still lead to a revision that is neither new nor stable; then users are there. It is complete,
 * and gives up no pod before they have left it: it is on its way out anyway.
 */
function sizeOldActive({ olderReplicaSets, activeHash, spec }: SizingInput): SizingStage {
  const active = olderReplicaSets.find(({ hash }) => hash === activeHash);
  return sizeInUse(active, Math.max(active?.specReplicas ?? 0, wantedReplicas(spec)));
}

/**
 * Older revisions wait out their delay, ready to be switched back to; no more than scaleDownDelayRevisionLimit of them
 * wait. None goes while an inconclusive analysis is being looked at, or while the analysis after the switch may still
 * lead back and no delay is given.
 */
function sizeWaiting(input: SizingInput): SizingStage {
  const { spec, olderReplicaSets, referencedHashes, activeHash, now } = input;
  if (isUndecided(input)) return emptyStage;
  const older = olderReplicaSets
    .filter(({ hash, specReplicas }) => specReplicas > 0 && hash !== activeHash && !referencedHashes.has(hash))
    .toSorted((left, right) => right.revision - left.revision || right.createdAt - left.createdAt);
  const limit = Math.max(scaleDownRevisionLimit(spec.strategy), 0);
  const delaySeconds = scaleDownDelaySeconds(spec.strategy);
  const undated = older.slice(0, limit).filter(({ scaleDownAt }) => scaleDownAt === undefined);
  const gone = older.filter(
    ({ scaleDownAt }, index) => index >= limit || (scaleDownAt !== undefined && scaleDownAt <= now),
  );
  return {
    sizes: gone.flatMap((replicaSet) => resize(replicaSet, 0, true)),
    deadlines:
      delaySeconds === 0
        ? []
        : undated.map(({ name }) => ({ name, scaleDownAt: scaleDownDeadlineMs(now, delaySeconds) })),
  };
}

function isUndecided(input: SizingInput): boolean {
  const { spec, status } = input;
  const { postPromotionAnalysis, scaleDownDelaySeconds: delaySeconds } = spec.strategy?.blueGreen ?? {};
  const analysed = status.blueGreen?.postPromotionAnalysisRunStatus?.status === 'Successful';
  return (
    (status.pauseConditions ?? []).some(({ reason }) => reason === 'InconclusiveAnalysisRun') ||
    (hasStableBeside(input) && postPromotionAnalysis !== undefined && delaySeconds === undefined && !analysed)
  );
}
