import { canaryStepText } from '../api/canary-step-kind.ts';
import type { Effect, Reason } from './decision.ts';
import { heldBy } from './gates.ts';
import { waitsForSides } from './open-sides.ts';
import { abortMessage, completedStep, isAbort, isPromotion, begins, type Pass } from './pass.ts';
import { revisionOf } from './revision.ts';
import { isIn, stepsOf, type Situation } from './situation.ts';

/** Why the decision is as it is, in one line that serves the log, the CLI and the audit record alike. */
export function reasonOf(pass: Pass, effects: readonly Effect[]): Reason {
  return moveReason(pass) ?? workReason(effects) ?? waitReason(pass.settled);
}

function moveReason(pass: Pass): Reason | undefined {
  const { restored, settled } = pass;
  if (!pass.moved) return undefined;
  const steps = stepsOf(settled);
  const step = completedStep(pass);
  if (isIn(settled, 'invalid')) return { code: 'InvalidSpec', message: problemText(settled) };
  if (begins(pass)) return { code: 'UpdateBegins', message: `update to revision ${revisionOf(settled)} begins` };
  if (isAbort(pass)) return { code: 'Aborted', message: abortMessage(pass) };
  if (isPromotion(pass)) return { code: 'Promoted', message: `revision ${revisionOf(settled)} is stable now` };
  if (step !== undefined) {
    return {
      code: 'StepCompleted',
      message: `step ${step + 1}/${steps.length} (${canaryStepText(steps[step] ?? {})}) is done`,
    };
  }
  return { code: 'StateChanged', message: `from ${restored.state} to ${settled.state}` };
}

/** The first effect names the reason: the others follow from it or are bookkeeping. */
function workReason(effects: readonly Effect[]): Reason | undefined {
  const [effect] = effects;
  if (effect === undefined) return undefined;
  return { code: codeOf(effect), message: effectText(effect) };
}

function codeOf(effect: Effect): string {
  return effect.kind.charAt(0).toUpperCase() + effect.kind.slice(1);
}

/** An effect in one line. */
export function effectText(effect: Effect): string {
  switch (effect.kind) {
    case 'setTraffic': {
      const shares = effect.plan.destinations.map(({ role, weight }) => `${role} ${weight}`).join(', ');
      return `traffic to ${shares} of ${effect.plan.weightMax}`;
    }
    case 'switchService':
      return `Service ${effect.service} from ${effect.previousHash || 'all revisions'} to ${effect.hash}`;
    case 'createReplicaSet':
      return `create ReplicaSet ${effect.name} for revision ${effect.revision}`;
    case 'scaleReplicaSet':
      return `scale ReplicaSet ${effect.name} from ${effect.from} to ${effect.to}`;
    case 'scaleWorkload':
      return `scale Deployment ${effect.name} from ${effect.from} to ${effect.to}`;
    case 'callStepPlugin':
      return `${effect.call.operation} step plug-in ${effect.call.name} of step ${effect.call.index + 1}`;
    case 'annotateReplicaSet':
      return `note on ReplicaSet ${effect.name}: ${Object.keys(effect.annotations).join(', ')}`;
    case 'setPodMetadata':
      return `labels and annotations of the pods of ReplicaSet ${effect.name}`;
    case 'deleteReplicaSet':
      return `delete ReplicaSet ${effect.name} beyond the history limit`;
    case 'annotateRollout':
      return `note on the Rollout: ${Object.keys(effect.annotations).join(', ')}`;
    case 'createAnalysisRun':
      return `start AnalysisRun ${effect.name}`;
    case 'createExperiment':
      return `start Experiment ${effect.name}`;
    case 'terminateExperiment':
      return `stop Experiment ${effect.name}`;
    case 'deleteExperiment':
      return `delete Experiment ${effect.name} beyond the history limit`;
    case 'terminateAnalysisRun':
      return `stop AnalysisRun ${effect.name}`;
    case 'deleteAnalysisRun':
      return `delete AnalysisRun ${effect.name} beyond the history limit`;
    case 'evictPod':
      return `evict pod ${effect.name} for a restart`;
  }
}

function waitReason(situation: Situation): Reason {
  if (isIn(situation, 'invalid')) return { code: 'InvalidSpec', message: problemText(situation) };
  const hold = heldBy(situation.world);
  if (hold !== undefined && isIn(situation, 'canary', 'blueGreen', 'promoteFull')) {
    return { code: hold.reason, message: `held: ${hold.message}` };
  }
  if (waitsForSides(situation) && !isIn(situation, 'canary.step.pause', 'blueGreen.waiting')) {
    return { code: 'WaitingForStable', message: 'new pods wait until the Services lead to stable alone' };
  }
  const waiting = Object.entries(waits).find(([state]) => isIn(situation, state));
  return waiting === undefined
    ? { code: 'Nothing', message: `nothing to do in ${situation.state}` }
    : { code: waiting[1][0], message: waiting[1][1] };
}

/** What each state waits for when there is nothing to do in it. Inner states come before outer ones. */
const waits: Readonly<Record<string, readonly [string, string]>> = {
  deleting: ['Deleting', 'the Rollout is being deleted'],
  initial: ['WaitingForPods', 'the first revision starts'],
  aborted: ['Aborted', 'the update is aborted; users are on the stable revision'],
  settled: ['Settled', 'the current revision is stable'],
  promoteFull: ['WaitingForPods', 'full promotion waits for pods and traffic'],
  'canary.inconclusive': ['Inconclusive', 'the analysis is inconclusive; a person must promote or abort'],
  'canary.step.setWeight': ['WaitingForWeight', 'the step waits for its pods and its weight'],
  'canary.step.setCanaryScale': ['WaitingForPods', 'the step waits for its pods'],
  'canary.step.setHeaderRoute': ['WaitingForRoute', 'the step waits for its route'],
  'canary.step.setMirrorRoute': ['WaitingForRoute', 'the step waits for its route'],
  'canary.step.pause': ['Paused', 'the step pauses'],
  'canary.step.analysis': ['Analysing', 'the step waits for its analysis'],
  'canary.step.experiment': ['Experimenting', 'the step waits for its Experiment'],
  'canary.step.plugin': ['WaitingForPlugin', 'the step waits for its plug-in'],
  'canary.finishing': ['WaitingForPods', 'the last step waits for all pods and all traffic'],
  'blueGreen.previewing': ['WaitingForPods', 'the preview waits for its pods'],
  'blueGreen.preAnalysis': ['Analysing', 'the switch waits for the analysis before it'],
  'blueGreen.waiting': ['Paused', 'the switch waits for its promotion'],
  'blueGreen.inconclusive': ['Inconclusive', 'the analysis is inconclusive; a person must promote or abort'],
  'blueGreen.cutOver': ['WaitingForPods', 'the switch waits for all pods'],
  'blueGreen.postAnalysis': ['Analysing', 'the promotion waits for the analysis after the switch'],
};

function problemText({ world }: Situation): string {
  return world.problems.map(({ field, message }) => `${field}: ${message}`).join('; ');
}
