import { getCondition } from '../api/condition.ts';
import { replicasOf } from '../api/rollout-defaults.ts';
import type { Condition, RolloutPhase } from '../api/rollout-status.ts';
import type { RolloutSpec, RolloutStatus } from '../api/rollout.ts';
import { parseInstant } from '../base/instant.ts';
import { workloadGenerationAnnotation } from './revision.ts';

/** What a Rollout is doing in one word, and why in one line; the line is empty when it is healthy. */
export interface Phase {
  readonly phase: RolloutPhase;
  readonly message: string;
}

/** The parts of a Rollout that the phase is a function of. */
export interface PhaseInput {
  readonly spec: Pick<RolloutSpec, 'replicas' | 'paused' | 'restartAt' | 'strategy' | 'workloadRef'>;
  readonly status: RolloutStatus;
}

/** What a client looks at besides. */
export interface ShownPhaseInput extends PhaseInput {
  readonly generation: number;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The phase that is stored in the status: the first of these questions that says something. */
export function rolloutPhase(input: PhaseInput): Phase {
  return (
    failurePhase(input) ??
    pausedPhase(input) ??
    podsPhase(input) ??
    strategyPhase(input) ?? { phase: 'Healthy', message: '' }
  );
}

/**
 * The phase that a client shows. The stored one says nothing yet about a specification or a referenced workload that
 * was not observed, nor about a resume that was not carried out.
 */
export function shownPhase(input: ShownPhaseInput): Phase {
  const { status } = input;
  if (!isGenerationObserved(input)) return progressing('waiting for rollout spec update to be observed');
  if (isUnpausing(status)) return progressing('waiting for rollout to unpause');
  if (!isWorkloadObserved(input)) {
    return progressing('waiting for rollout spec update to be observed for the reference workload');
  }
  const stored = storedPhases.find((phase) => phase === status.phase);
  return stored === undefined ? rolloutPhase(input) : { phase: stored, message: status.message ?? '' };
}

/** True when the current revision is the stable one. A status without hashes is about nothing yet. */
export function isFullyPromoted({ currentPodHash = '', stableRS = '' }: RolloutStatus): boolean {
  return stableRS !== '' && stableRS === currentPodHash;
}

/** True between the resume by a user and the controller's answer to it. */
export function isUnpausing({ controllerPause, pauseConditions }: RolloutStatus): boolean {
  return controllerPause === true && (pauseConditions ?? []).length === 0;
}

const storedPhases: readonly RolloutPhase[] = ['Healthy', 'Degraded', 'Progressing', 'Paused'];

const endedRunPhases: readonly string[] = ['Successful', 'Failed', 'Error', 'Inconclusive'];

const failureReasons: readonly string[] = ['RolloutAborted', 'ProgressDeadlineExceeded'];

function progressing(message: string): Phase {
  return { phase: 'Progressing', message };
}

/** An invalid specification comes first, because nothing else is looked at before it is mended. */
function failurePhase({ status }: PhaseInput): Phase | undefined {
  const invalid = getCondition(status.conditions, 'InvalidSpec');
  if (invalid?.status === 'True') return { phase: 'Degraded', message: `InvalidSpec: ${invalid.message}` };
  const failure = status.conditions?.find(({ reason }: Condition) => failureReasons.includes(reason));
  return failure === undefined ? undefined : { phase: 'Degraded', message: `${failure.reason}: ${failure.message}` };
}

function pausedPhase({ spec, status }: PhaseInput): Phase | undefined {
  if (spec.paused === true) return { phase: 'Paused', message: 'manually paused' };
  const [pause] = status.pauseConditions ?? [];
  return pause === undefined ? undefined : { phase: 'Paused', message: pause.reason };
}

function podsPhase({ spec, status }: PhaseInput): Phase | undefined {
  const updated = status.updatedReplicas ?? 0;
  if (isRestarting(spec, status)) return progressing('rollout is restarting');
  if (updated < replicasOf(spec)) return progressing('more replicas need to be updated');
  if ((status.availableReplicas ?? 0) < updated) {
    return progressing('updated replicas are still becoming available');
  }
  return undefined;
}

function isRestarting({ restartAt }: PhaseInput['spec'], { restartedAt }: RolloutStatus): boolean {
  if (restartAt === undefined) return false;
  return restartedAt === undefined || parseInstant(restartAt) !== parseInstant(restartedAt);
}

function strategyPhase({ spec, status }: PhaseInput): Phase | undefined {
  if (spec.strategy?.blueGreen !== undefined) return blueGreenPhase(spec.strategy.blueGreen, status);
  if (spec.strategy?.canary === undefined) return undefined;
  const pods = status.replicas ?? 0;
  if (spec.strategy.canary.trafficRouting === undefined && pods > (status.updatedReplicas ?? 0)) {
    return progressing('old replicas are pending termination');
  }
  return isFullyPromoted(status) ? undefined : progressing('waiting for all steps to complete');
}

function blueGreenPhase(
  { postPromotionAnalysis }: NonNullable<NonNullable<RolloutSpec['strategy']>['blueGreen']>,
  status: RolloutStatus,
): Phase | undefined {
  const active = status.blueGreen?.activeSelector ?? '';
  if (active === '' || active !== status.currentPodHash) return progressing('active service cutover pending');
  if (isFullyPromoted(status)) return undefined;
  const run = status.blueGreen?.postPromotionAnalysisRunStatus?.status ?? '';
  return postPromotionAnalysis !== undefined && !endedRunPhases.includes(run)
    ? progressing('waiting for analysis to complete')
    : progressing('waiting for post-promotion verification to complete');
}

/** An observed generation that is no number stems from an old controller and counts as observed. */
function isGenerationObserved({ generation, status }: ShownPhaseInput): boolean {
  const observed = readInteger(status.observedGeneration ?? '');
  return observed === undefined || observed >= generation;
}

function isWorkloadObserved({ spec, status, annotations }: ShownPhaseInput): boolean {
  if (spec.workloadRef === undefined) return true;
  const workload = readInteger(annotations[workloadGenerationAnnotation] ?? '');
  const observed = readInteger(status.workloadObservedGeneration ?? '');
  return workload === undefined || observed === undefined || observed >= workload;
}

function readInteger(text: string): number | undefined {
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}
