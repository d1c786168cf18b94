import type { StepPluginStatus } from '../api/rollout-status.ts';
import { revisionOf } from './revision.ts';
import { isIn, type Situation } from './situation.ts';
import { answeredEntries } from './step-plugin-status.ts';
import { entryOf } from './step-plugin.ts';
import { isRetried } from './stored.ts';
import type { AnalysisRunView, StepExperimentView } from './world.ts';

/** One pass over a Rollout: where it stood by its status, and where it stands now that the facts are known. */
export interface Pass {
  readonly restored: Situation;
  readonly settled: Situation;
  /** A boundary was crossed: nothing is raised in this pass. */
  readonly moved: boolean;
  /** The Experiment that ends the update, when there is one. */
  readonly failedExperiment?: StepExperimentView | undefined;
  /** The analysis that ends the update, when there is one. */
  readonly failedRun: AnalysisRunView | undefined;
}

/** True in the pass in which an update to another template or other steps begins. */
export function begins({ restored, settled }: Pass): boolean {
  const waited = isIn(restored, 'superseding') || (isIn(restored, 'invalid') && restored.stored.superseded);
  return waited && !isIn(settled, 'invalid', 'deleting');
}

/** True in the pass in which the current revision becomes the stable one. */
export function isPromotion({ restored, settled }: Pass): boolean {
  return isIn(settled, 'settled') && !restored.stored.currentIsStable && !isIn(restored, 'superseding', 'invalid');
}

/** True in the pass in which the update is aborted, by the engine or by a person. */
export function isAbort({ restored, settled }: Pass): boolean {
  const { aborted, rollout } = restored.stored;
  return isIn(settled, 'aborted') && (!aborted || rollout.status.abortedAt === undefined);
}

/** True in the first pass after a person asked to try an aborted update again. */
export function isRetry({ restored, settled }: Pass): boolean {
  return (
    isIn(settled, 'canary', 'blueGreen', 'promoteFull') &&
    isIn(restored, 'canary', 'blueGreen', 'promoteFull') &&
    isRetried(restored.stored.rollout.status)
  );
}

/** Titles of the runs in the message of an abort. */
const runTitles = {
  Step: 'Step-based',
  Background: 'Background',
  PrePromotion: 'Blue/green pre-promotion',
  PostPromotion: 'Blue/green post-promotion',
  '': 'The',
} as const;

/** Why the update is aborted in this pass; undefined when a person did it, or when it is not. */
export function abortCause(pass: Pass): string | undefined {
  const { failedRun, failedExperiment, restored } = pass;
  if (failedRun !== undefined) {
    return `${runTitles[failedRun.role]} analysis phase error/failed: ${failedRun.message}`;
  }
  if (failedExperiment !== undefined) {
    return `Experiment analysis phase is error/failed: ${failedExperiment.message}`;
  }
  const failedPlugin = failedPluginOf(restored);
  if (isAbort(pass) && failedPlugin !== undefined) {
    return `Step plug-in ${failedPlugin.name} failed: ${failedPlugin.message ?? 'no reason given'}`;
  }
  const byDeadline = isAbort(pass) && !restored.stored.aborted;
  return byDeadline ? `ReplicaSet "${restored.current?.name ?? ''}" has timed out progressing.` : undefined;
}

function failedPluginOf(restored: Situation): StepPluginStatus | undefined {
  if (!isIn(restored, 'canary.step.plugin')) return undefined;
  const entry = entryOf(answeredEntries(restored), restored.stepIndex, 'Run');
  return entry?.phase === 'Failed' ? entry : undefined;
}

/** The abort in one line, as the Progressing condition and the Event say it. */
export function abortMessage(pass: Pass): string {
  const cause = abortCause(pass);
  const text = `Rollout aborted update to revision ${revisionOf(pass.settled)}`;
  return cause === undefined ? text : `${text}: ${cause}`;
}

/** The steps that were left in this pass: none or one. */
export function completedStep({ restored, settled }: Pass): number | undefined {
  const left = isIn(restored, 'canary') && isIn(settled, 'canary') && settled.stepIndex > restored.stepIndex;
  return left ? restored.stepIndex : undefined;
}
