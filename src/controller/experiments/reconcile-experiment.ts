import type { ExperimentStatus } from '../../api/experiment.ts';
import { mergeDiff } from '../../api/merge-diff.ts';
import { apiVersionOf } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { hasCode, type SluiceError } from '../../base/error.ts';
import type { Notice } from '../../engine/decision.ts';
import { decideExperiment } from '../../engine/experiment/decide-experiment.ts';
import {
  experimentEffectText,
  type ExperimentDecision,
  type ExperimentEffect,
} from '../../engine/experiment/experiment-decision.ts';
import { analysisNotices, effectNotices, experimentNotices } from '../../engine/experiment/experiment-notices.ts';
import type { ExperimentWorld } from '../../engine/experiment/experiment-world.ts';
import { statusAfterRefusal } from '../../engine/experiment/status-after-refusal.ts';
import { revisionAnnotation } from '../../engine/revision.ts';
import { apply, type Applied } from '../apply.ts';
import type { EventSubject } from '../event-sink.ts';
import { lostAnswers } from '../lost-answers.ts';
import { fieldManager } from '../perform-context.ts';
import type { WorkOutcome } from '../queue.ts';
import { subjectOf, type ReconcileTools } from '../reconcile.ts';
import { readAgain } from '../refresh.ts';
import { observeExperiment } from './observe-experiment.ts';
import { performExperiment, type PerformExperimentContext } from './perform-experiment.ts';
import type { ObservedExperiment } from './project-experiment.ts';

/** What a pass over an Experiment is done with. */
export interface ReconcileExperimentTools extends Pick<
  ReconcileTools,
  'cluster' | 'caches' | 'routers' | 'journal' | 'events' | 'clock' | 'log'
> {
  /** Another decision than the engine's, to try wrong ones. */
  readonly decideExperiment?: (world: ExperimentWorld) => ExperimentDecision;
}

/** One pass over one Experiment: observe, decide, apply, and say when to look again. */
export async function reconcileExperiment(
  experiment: ObservedExperiment,
  tools: ReconcileExperimentTools,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  const { cluster, caches, routers, clock, journal, log } = tools;
  const world = observeExperiment(experiment, { caches, routers, now: clock.now() });
  const decision = (tools.decideExperiment ?? decideExperiment)(world);
  const change = mergeDiff({ status: experiment.status }, { status: decision.status });
  const isNews = decision.effects.length > 0 || change !== undefined;
  log[isNews ? 'info' : 'debug'](lineOf(experiment, decision), 'decision');

  const { namespace, name, uid } = experiment;
  const context: PerformExperimentContext = { cluster, caches, namespace, name, uid };
  const intent = {
    subject: `${cluster.name}/${namespace}/${name}`,
    revision: Number(experiment.annotations[revisionAnnotation] ?? 0),
    reason: decision.reason.message,
    textOf: experimentEffectText,
    now: () => clock.now(),
  };
  const perform = (effect: ExperimentEffect, at: AbortSignal) => performExperiment(effect, context, at);
  const applied = await apply(decision.effects, intent, journal, perform, signal);
  if (applied.kind === 'failed') return afterFailure(experiment, decision, applied, context, tools, signal);
  try {
    await writeChange(experiment, change, context, signal);
  } catch (error) {
    tell(experiment, experiment.status, effectNotices(decision.effects), tools);
    throw error;
  }
  tell(experiment, decision.status, decision.events, tools);
  return { kind: 'done', ...againAfter(decision, isNews, clock.now()) };
}

/** There is no status subresource: the Experiment's own reconciler is the only one that writes its status. */
async function writeChange(
  { resourceVersion }: ObservedExperiment,
  change: object | undefined,
  context: PerformExperimentContext,
  signal: AbortSignal,
): Promise<void> {
  if (change === undefined) return;
  const { cluster, caches, namespace, name } = context;
  try {
    const answer = await cluster.patch(
      { type: resourceTypes.experiment, namespace, name },
      { kind: 'merge', body: { ...change, metadata: { resourceVersion } } },
      { fieldManager },
      { signal },
    );
    caches.experiments.remember(answer);
  } catch (error) {
    if (hasCode(error, ...lostAnswers)) await readAgain(caches.experiments, context, context, signal);
    throw error;
  }
}

/** A failed effect: its facts go into the status, and the pass is tried again. A mere conflict is nothing to report. */
async function afterFailure(
  experiment: ObservedExperiment,
  decision: ExperimentDecision,
  { effect, error, done }: Extract<Applied<ExperimentEffect>, { kind: 'failed' }>,
  context: PerformExperimentContext,
  tools: ReconcileExperimentTools,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  const { namespace, name } = experiment;
  const fields = { experiment: `${namespace}/${name}`, effect: effect.kind, code: error.code };
  tools.log.warn({ ...fields, error: error.message }, 'an effect failed');
  if (hasCode(error, ...lostAnswers)) await refresh(effect, context, signal);
  if (error.code === 'Conflict') tell(experiment, experiment.status, effectNotices(done), tools);
  else {
    const status = statusAfterRefusal(decision.status, effect, error);
    await writeChange(experiment, mergeDiff({ status: experiment.status }, { status }), context, signal);
    const events = [...experimentNotices(experiment.status, status, done), failureNotice(effect, error)];
    tell(experiment, status, events, tools);
  }
  return { kind: 'retry', ...(error.retryAfterMs === undefined ? {} : { afterMs: error.retryAfterMs }) };
}

/** Reads the object of an effect again whose answer was lost. */
async function refresh(effect: ExperimentEffect, context: PerformExperimentContext, signal: AbortSignal) {
  const { caches, namespace } = context;
  const at = { namespace, name: effect.name };
  switch (effect.kind) {
    case 'createReplicaSet':
    case 'scaleReplicaSet':
    case 'annotateReplicaSet':
      return readAgain(caches.replicaSets, at, context, signal);
    case 'createService':
    case 'deleteService':
      return readAgain(caches.services, at, context, signal);
    case 'createAnalysisRun':
    case 'terminateAnalysisRun':
      return readAgain(caches.analysisRuns, at, context, signal);
  }
}

/** What its analyses say is told about the Rollout too, because people watch that. */
function tell(
  experiment: ObservedExperiment,
  status: ExperimentStatus,
  events: readonly Notice[],
  { events: sink, caches }: ReconcileExperimentTools,
): void {
  const occasion = `${experiment.uid}/${status.availableAt ?? ''}`;
  sink.emit(eventSubjectOf(experiment), events, occasion);
  const rollout = experiment.owner === undefined ? undefined : caches.rollouts.find(experiment.owner);
  if (rollout !== undefined) sink.emit(subjectOf(rollout), analysisNotices(experiment.status, status), occasion);
}

function failureNotice(effect: ExperimentEffect, error: SluiceError): Notice {
  const reason = effect.kind === 'createReplicaSet' ? 'ReplicaSetCreateError' : 'ReconciliationError';
  return { type: 'Warning', reason, message: `${experimentEffectText(effect)}: ${error.message}` };
}

function eventSubjectOf({ namespace, name, uid }: ObservedExperiment): EventSubject {
  const { kind } = resourceTypes.experiment;
  return { apiVersion: apiVersionOf(resourceTypes.experiment), kind, namespace, name, uid };
}

function lineOf({ namespace, name }: ObservedExperiment, { reason, status, effects }: ExperimentDecision): object {
  const { phase = '' } = status;
  return {
    experiment: `${namespace}/${name}`,
    phase,
    reason: reason.code,
    why: reason.message,
    effects: effects.length,
  };
}

/** After a pass that changed nothing there is nothing new to see at once: without a wait it would spin. */
function againAfter({ lookAgainAt }: ExperimentDecision, isNews: boolean, now: number): { againAfterMs?: number } {
  if (lookAgainAt === undefined) return {};
  return { againAfterMs: Math.max(lookAgainAt - now, isNews ? 0 : idleDelayMs) };
}

const idleDelayMs = 1000;
