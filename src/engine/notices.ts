import { canaryStepText } from '../api/canary-step-kind.ts';
import type { RolloutStatus } from '../api/rollout.ts';
import { recordedRun, runRoles } from './analysis-plan.ts';
import type { Effect, Notice } from './decision.ts';
import { abortMessage, begins, completedStep, isAbort, isPromotion, type Pass } from './pass.ts';
import { revisionOf } from './revision.ts';
import { isIn, stepsOf } from './situation.ts';

/** The Kubernetes Events of a pass, in the order in which clients know them. */
export function noticesOf(pass: Pass, effects: readonly Effect[], next: RolloutStatus): readonly Notice[] {
  const updated = effects.filter(({ kind }) => kind === 'annotateRollout');
  const others = effects.filter(({ kind }) => kind !== 'annotateRollout');
  return [
    ...firstSight(pass),
    ...[...updated, ...others].flatMap((effect) => effectNotice(pass, effect)),
    ...beginning(pass, next),
    ...runNotices(pass, next),
    ...trafficNotice(pass, next),
    ...stepNotices(pass),
    ...pauseNotices(pass, next),
    ...ending(pass, next),
  ];
}

const normal = (reason: string, message: string): Notice => ({ type: 'Normal', reason, message });
const warning = (reason: string, message: string): Notice => ({ type: 'Warning', reason, message });

function firstSight({ restored }: Pass): readonly Notice[] {
  const { rollout } = restored.world;
  if (rollout.status.observedGeneration !== undefined) return [];
  const name = `${rollout.namespace}/${rollout.name}`;
  return [normal('RolloutAddedToInformer', `Rollout resource added to informer: ${name}`)];
}

function effectNotice(pass: Pass, effect: Effect): readonly Notice[] {
  switch (effect.kind) {
    case 'annotateRollout':
      return [normal('RolloutUpdated', `Rollout updated to revision ${revisionOf(pass.settled)}`)];
    case 'createReplicaSet':
      return [normal('NewReplicaSetCreated', `Created ReplicaSet ${effect.name} (revision ${effect.revision})`)];
    case 'scaleReplicaSet': {
      const direction = effect.to > effect.from ? 'up' : 'down';
      const revision = pass.settled.world.replicaSets.find(({ name }) => name === effect.name)?.revision ?? 0;
      const text = `Scaled ${direction} ReplicaSet ${effect.name} (revision ${revision}) from ${effect.from} to ${effect.to}`;
      return [normal('ScalingReplicaSet', text)];
    }
    case 'switchService': {
      const text = `Switched selector for service '${effect.service}' from '${effect.previousHash}' to '${effect.hash}'`;
      return [normal('SwitchService', text)];
    }
    default:
      return [];
  }
}

function beginning(pass: Pass, next: RolloutStatus): readonly Notice[] {
  if (!begins(pass)) return [];
  const { settled } = pass;
  const revision = revisionOf(settled);
  // A first blue/green deployment has no such notice, which clients are used to.
  const wasStable = isIn(settled, 'initial') && settled.stored.strategy === 'blueGreen';
  const started = `Rollout not completed, started update to revision ${revision} (${next.currentPodHash ?? ''})`;
  return [
    ...(wasStable || isIn(settled, 'settled') ? [] : [normal('RolloutNotCompleted', started)]),
    ...skipNotice(pass),
  ];
}

function skipNotice({ settled }: Pass): readonly Notice[] {
  if (settled.stored.strategy !== 'canary' || stepsOf(settled).length === 0) return [];
  if (isIn(settled, 'settled')) return [normal('SkipSteps', 'Rollback to stable ReplicaSets')];
  return isIn(settled, 'canary.finishing')
    ? [normal('SkipSteps', 'Rollback to active ReplicaSets within RollbackWindow')]
    : [];
}

const badPhases: ReadonlySet<string> = new Set(['Failed', 'Error', 'Inconclusive']);

/** One notice for each change of phase of a run that the status names. A run that just appeared is none. */
function runNotices({ restored }: Pass, next: RolloutStatus): readonly Notice[] {
  return runRoles.flatMap((role) => {
    const run = recordedRun(next, role);
    const before = recordedRun(restored.stored.rollout.status, role);
    if (run === undefined) return [];
    const previous = before?.name === run.name ? before.status : '';
    if (run.status === '' || run.status === previous) return [];
    const text = `${role} Analysis Run '${run.name}' Status New: '${run.status}' Previous: '${previous}'`;
    return [
      badPhases.has(run.status) ? warning(`AnalysisRun${run.status}`, text) : normal(`AnalysisRun${run.status}`, text),
    ];
  });
}

function trafficNotice({ restored }: Pass, next: RolloutStatus): readonly Notice[] {
  const before = restored.stored.rollout.status.canary?.weights?.canary.weight;
  const now = next.canary?.weights?.canary.weight;
  if (now === undefined || now === before) return [];
  return [
    normal('TrafficWeightUpdated', `Traffic weight updated${before === undefined ? '' : ` from ${before}`} to ${now}`),
  ];
}

function stepNotices(pass: Pass): readonly Notice[] {
  const index = completedStep(pass);
  if (index === undefined) return [];
  const steps = stepsOf(pass.settled);
  const text = `Rollout step ${index + 1}/${steps.length} completed (${canaryStepText(steps[index] ?? {})})`;
  return [normal('RolloutStepCompleted', text)];
}

/**
 * The engine begins a pause, or ends one of a canary. What people begin (spec.paused) or end (by a resume) has no
 * notice, and an abort has one of its own.
 */
function pauseNotices({ restored, settled }: Pass, next: RolloutStatus): readonly Notice[] {
  const was = (restored.stored.rollout.status.pauseConditions ?? []).length > 0;
  const [pause] = next.pauseConditions ?? [];
  if (pause !== undefined) return was ? [] : [normal('RolloutPaused', `Rollout is paused (${pause.reason})`)];
  const ends = was && settled.stored.strategy === 'canary' && !isIn(settled, 'aborted');
  return ends ? [normal('RolloutResumed', 'Rollout is resumed')] : [];
}

function ending(pass: Pass, next: RolloutStatus): readonly Notice[] {
  const { settled } = pass;
  const revision = revisionOf(settled);
  if (isAbort(pass)) {
    return [warning('RolloutAborted', abortMessage(pass))];
  }
  if (!isPromotion(pass)) return [];
  const text = `Rollout completed update to revision ${revision} (${next.currentPodHash ?? ''}): ${completion(pass)}`;
  return [normal('RolloutCompleted', text)];
}

function completion({ restored, settled }: Pass): string {
  if (isIn(restored, 'initial')) return 'Initial deploy';
  if (restored.stored.promoteFull) return 'Full promotion requested';
  if (settled.stored.strategy === 'blueGreen') return 'Completed blue-green update';
  return `Completed all ${stepsOf(settled).length} canary steps`;
}
