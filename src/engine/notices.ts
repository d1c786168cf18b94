import { canaryStepText } from '../api/canary-step-kind.ts';
import { getCondition } from '../api/condition.ts';
import type { AnalysisRunReference, TrafficWeights } from '../api/rollout-status.ts';
import type { RolloutStatus } from '../api/rollout.ts';
import type { TrafficPlan } from '../api/traffic.ts';
import { findRun, recordedRun, runRoles, type RunRole } from './analysis-plan.ts';
import type { Effect, Notice } from './decision.ts';
import { abortMessage, begins, completedStep, isAbort, isPromotion, type Pass } from './pass.ts';
import { revisionAnnotation, revisionOf } from './revision.ts';
import { hasPingPong, isIn, stepsOf, type Situation } from './situation.ts';
import { entryOf, operationOf } from './step-plugin.ts';

/** The Kubernetes Events of a pass, in the order in which clients know them. */
export function noticesOf(pass: Pass, effects: readonly Effect[], next: RolloutStatus): readonly Notice[] {
  const isCanary = pass.settled.stored.strategy === 'canary';
  const updated = effects.filter(({ kind }) => kind === 'annotateRollout');
  // A preview is switched before the update is called begun, the Service of a canary after it.
  const begun = effects.filter(({ kind }) => isCanary && kind === 'switchService');
  const others = effects.filter((effect) => !updated.includes(effect) && !begun.includes(effect));
  const told = (some: readonly Effect[]): readonly Notice[] => some.flatMap((effect) => effectNotice(pass, effect));
  return [
    ...firstSight(pass),
    ...told([...updated, ...(begins(pass) ? others : effects.filter((effect) => !updated.includes(effect)))]),
    ...beginning(pass, next),
    ...(begins(pass) ? told(begun) : []),
    ...runNotices(pass, next),
    ...stepPluginNotices(pass, next),
    ...trafficNotice(pass, effects, next),
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
  const told = (reason: string, message: string): readonly Notice[] => [
    { ...normal(reason, message), follows: effect },
  ];
  switch (effect.kind) {
    case 'annotateRollout':
      return revisionAnnotation in effect.annotations
        ? told('RolloutUpdated', `Rollout updated to revision ${revisionOf(pass.settled)}`)
        : [];
    case 'createReplicaSet':
      return told('NewReplicaSetCreated', `Created ReplicaSet ${effect.name} (revision ${effect.revision})`);
    case 'scaleReplicaSet': {
      const direction = effect.to > effect.from ? 'up' : 'down';
      const revision = pass.settled.world.replicaSets.find(({ name }) => name === effect.name)?.revision ?? 0;
      const change = `${effect.name} (revision ${revision}) from ${effect.from} to ${effect.to}`;
      return told('ScalingReplicaSet', `Scaled ${direction} ReplicaSet ${change}`);
    }
    case 'createExperiment':
      return told('ExperimentCreated', `Created Experiment '${effect.name}'`);
    case 'switchService': {
      const change = `'${effect.service}' from '${effect.previousHash}' to '${effect.hash}'`;
      return told('SwitchService', `Switched selector for service ${change}`);
    }
    default:
      return [];
  }
}

function beginning(pass: Pass, next: RolloutStatus): readonly Notice[] {
  if (!begins(pass)) return [];
  const { settled } = pass;
  const revision = revisionOf(settled);
  const started = `Rollout not completed, started update to revision ${revision} (${next.currentPodHash ?? ''})`;
  return [...(leavesCompletion(pass, next) ? [normal('RolloutNotCompleted', started)] : []), ...skipNotice(pass)];
}

/** An update that supersedes one which is under way does not leave anything that was complete. */
function leavesCompletion({ restored, settled }: Pass, next: RolloutStatus): boolean {
  // A first blue/green deployment has no such notice, which clients are used to.
  if (isIn(settled, 'initial') && settled.stored.strategy === 'blueGreen') return false;
  const [before, now] = [restored.stored.rollout.status, next].map(
    ({ conditions }) => getCondition(conditions, 'Completed')?.status,
  );
  return now === 'False' && before !== 'False';
}

function skipNotice({ settled }: Pass): readonly Notice[] {
  if (settled.stored.strategy !== 'canary' || stepsOf(settled).length === 0) return [];
  if (isIn(settled, 'settled')) return [normal('SkipSteps', 'Rollback to stable ReplicaSets')];
  return isIn(settled, 'canary.finishing')
    ? [normal('SkipSteps', 'Rollback to active ReplicaSets within RollbackWindow')]
    : [];
}

const badPhases: ReadonlySet<string> = new Set(['Failed', 'Error', 'Inconclusive']);

/**
 * One notice for each change of phase of a run that the status names, or named until its end moved the update on. A run
 * that just appeared is none.
 */
function runNotices({ restored }: Pass, next: RolloutStatus): readonly Notice[] {
  return runRoles.flatMap((role) => {
    const before = recordedRun(restored.stored.rollout.status, role);
    const run = recordedRun(next, role) ?? lastState(restored, role, before?.name);
    if (run === undefined) return [];
    const previous = before?.name === run.name ? before.status : '';
    if (run.status === '' || run.status === previous) return [];
    const text = `${role} Analysis Run '${run.name}' Status New: '${run.status}' Previous: '${previous}'`;
    return [
      badPhases.has(run.status) ? warning(`AnalysisRun${run.status}`, text) : normal(`AnalysisRun${run.status}`, text),
    ];
  });
}

/** One notice for each step plug-in whose phase is another one than before. */
function stepPluginNotices({ restored }: Pass, next: RolloutStatus): readonly Notice[] {
  const before = restored.stored.rollout.status.canary?.stepPluginStatuses ?? [];
  return (next.canary?.stepPluginStatuses ?? []).flatMap((entry) => {
    const operation = operationOf(entry);
    const previous = entryOf(before, entry.index, operation)?.phase ?? '';
    const { index, name, phase = '', message = '' } = entry;
    if (phase === previous) return [];
    const why = message === '' ? '' : `: ${message}`;
    const text = `${operation} of step plug-in ${name} (step ${index + 1}) New: '${phase}' Previous: '${previous}'${why}`;
    return [badPhases.has(phase) ? warning('StepPluginTransition', text) : normal('StepPluginTransition', text)];
  });
}

/** The run that the update was waiting for, as it is now. */
function lastState(restored: Situation, role: RunRole, recorded: string | undefined): AnalysisRunReference | undefined {
  const run =
    restored.world.analysisRuns.find(({ name }) => name === recorded) ??
    (isIn(restored, 'canary', 'blueGreen') ? findRun(restored, role) : undefined);
  return run === undefined ? undefined : { name: run.name, status: run.phase };
}

/**
 * One notice for each change of the weights. It is told when the change is made, as clients know it, though the status
 * only tells it after it was read back; one about the hashes behind the weights says nothing else.
 */
function trafficNotice({ restored }: Pass, effects: readonly Effect[], next: RolloutStatus): readonly Notice[] {
  const before = restored.stored.rollout.status.canary?.weights;
  const read = next.canary?.weights;
  if (before === undefined) return read === undefined ? [] : [weightNotice(`to ${read.canary.weight}`)];
  const from = before.canary.weight;
  const to = setWeight(effects) ?? weightByItself(restored, read) ?? from;
  const changes = [...(to === from ? [] : [`from ${from} to ${to}`]), ...additionalChange(before, effects)];
  if (changes.length > 0) return [weightNotice(changes.join(', '))];
  return isOnlyTurned(before, read) ? [weightNotice('')] : [];
}

/** The shares of Experiments, when they are changed. */
function additionalChange({ additional = [] }: TrafficWeights, effects: readonly Effect[]): readonly string[] {
  const effect = effects.find(({ kind }) => kind === 'setTraffic');
  if (effect?.kind !== 'setTraffic') return [];
  const shares = effect.plan.destinations.filter(({ role }) => role === 'additional');
  const now = shares.map(({ weight, service, hash }) => `{${weight} ${service} ${hash}}`).join(' ');
  const was = additional
    .map(({ weight, serviceName = '', podTemplateHash = '' }) => `{${weight} ${serviceName} ${podTemplateHash}}`)
    .join(' ');
  return now === was ? [] : [`additional: [${now}]`];
}

function weightNotice(change: string): Notice {
  return normal('TrafficWeightUpdated', `Traffic weight updated ${change}`);
}

function setWeight(effects: readonly Effect[]): number | undefined {
  const effect = effects.find(({ kind }) => kind === 'setTraffic');
  return effect?.kind === 'setTraffic' ? canaryShare(effect.plan) : undefined;
}

/** With pingPong the weights change by themselves when the two sides have changed parts. */
function weightByItself(restored: Situation, read: TrafficWeights | undefined): number | undefined {
  return hasPingPong(restored) && isIn(restored, 'settled') ? read?.canary.weight : undefined;
}

function canaryShare({ destinations }: TrafficPlan): number | undefined {
  return destinations.find(({ role }) => role === 'canary')?.weight;
}

/** True when other revisions stand behind the same weights. */
function isOnlyTurned(before: TrafficWeights, now: TrafficWeights | undefined): boolean {
  if (now === undefined || now.canary.weight !== before.canary.weight) return false;
  return (['canary', 'stable'] as const).some((side) => now[side].podTemplateHash !== before[side].podTemplateHash);
}

function stepNotices(pass: Pass): readonly Notice[] {
  const index = completedStep(pass);
  if (index === undefined) return [];
  const steps = stepsOf(pass.settled);
  const text = `Rollout step ${index + 1}/${steps.length} completed (${canaryStepText(steps[index] ?? {})})`;
  return [normal('RolloutStepCompleted', text)];
}

/**
 * The engine begins a pause, or ends one. What people begin (spec.paused) or end (by a resume) has no notice, and an
 * abort has one of its own.
 */
function pauseNotices({ restored, settled }: Pass, next: RolloutStatus): readonly Notice[] {
  const was = (restored.stored.rollout.status.pauseConditions ?? []).length > 0;
  const [pause] = next.pauseConditions ?? [];
  if (pause !== undefined) return was ? [] : [normal('RolloutPaused', `Rollout is paused (${pause.reason})`)];
  const ends = was && !isIn(settled, 'aborted');
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
