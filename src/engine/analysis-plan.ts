import type { RolloutAnalysis } from '../api/analysis-reference.ts';
import type { AnalysisRunReference } from '../api/rollout-status.ts';
import type { RolloutStatus } from '../api/rollout.ts';
import { parseInstant } from '../base/instant.ts';
import type { Effect } from './decision.ts';
import { resolveRun } from './resolve-run.ts';
import { revisionOf } from './revision.ts';
import { isIn, stepsOf, type Situation } from './situation.ts';
import type { AnalysisRunView, RolloutView } from './world.ts';

/** Roles of the AnalysisRuns of a Rollout, as the label `rollout-type` names them. */
export const runRoles = ['Step', 'Background', 'PrePromotion', 'PostPromotion'] as const;

/** One of the roles. */
export type RunRole = (typeof runRoles)[number];

/** An analysis that the state asks for, with the run that is already there for it. */
interface WantedRun {
  readonly role: RunRole;
  readonly analysis: RolloutAnalysis;
  readonly run: AnalysisRunView | undefined;
}

/** Starts the runs that the state asks for and stops those that no longer belong to it. */
export function planAnalysis(situation: Situation): readonly Effect[] {
  if (isIn(situation, 'deleting', 'invalid', 'superseding')) return [];
  const wanted = wantedRuns(situation);
  const kept = new Set(wanted.flatMap(({ run }) => (run === undefined ? [] : [run.name])));
  return [
    ...wanted.flatMap(({ role, analysis, run }) => (run === undefined ? startRun(situation, role, analysis) : [])),
    ...situation.world.analysisRuns
      .filter((run) => run.role !== '' && !kept.has(run.name) && !isFinished(run) && !run.terminating && !run.deleting)
      .map(({ name }): Effect => ({ kind: 'terminateAnalysisRun', phase: 'analyse', name })),
  ];
}

/** Starts the background analysis of a canary when it is due. */
export function planBackground(situation: Situation): readonly Effect[] {
  const analysis = situation.world.rollout.spec.strategy?.canary?.analysis;
  if (analysis === undefined || !backgroundIsDue(situation)) return [];
  return findRun(situation, 'Background') === undefined ? startRun(situation, 'Background', analysis) : [];
}

/**
 * The run of this attempt in a role. A run of an earlier attempt at the same revision (before a retry) ended before
 * this attempt began, unless the status names it; names alone cannot tell, because they are the same.
 */
export function findRun(situation: Situation, role: RunRole): AnalysisRunView | undefined {
  const { rollout, analysisRuns } = situation.world;
  const { status } = situation.stored.rollout;
  const startedAt = attemptStartedAt(situation);
  const isEarlier = (run: AnalysisRunView): boolean =>
    isFinished(run) ? (run.completedAt ?? run.createdAt) < startedAt : run.terminating && run.createdAt < startedAt;
  return analysisRuns
    .filter(
      (run) =>
        run.role === role &&
        run.hash === rollout.templateHash &&
        !run.deleting &&
        (role !== 'Step' || run.stepIndex === situation.stepIndex) &&
        (run.name === recordedRun(status, role)?.name || !isEarlier(run)),
    )
    .toSorted((left, right) => right.createdAt - left.createdAt || right.name.localeCompare(left.name))[0];
}

/**
 * When this attempt began, in milliseconds since the epoch. A retry, or an update to another revision, that was not
 * noted yet begins in this pass: nothing that was measured before belongs to it.
 */
export function attemptStartedAt({ world, stored, state }: Situation): number {
  const { duration } = stored.rollout.status;
  if (isUpdateUnnoted(world.rollout)) return Infinity;
  if (duration?.completionStatus === 'Aborted' && !stored.aborted && state !== 'aborted') return Infinity;
  return parseInstant(duration?.rolloutStartedAt ?? '') ?? 0;
}

/** The status is about another template, or about other steps. */
function isUpdateUnnoted({ status, templateHash, stepsHash }: RolloutView): boolean {
  return (status.currentPodHash ?? '') !== templateHash || (status.currentStepHash ?? '') !== stepsHash;
}

/** What the status says of the run in a role. */
export function recordedRun({ canary, blueGreen }: RolloutStatus, role: RunRole): AnalysisRunReference | undefined {
  switch (role) {
    case 'Step':
      return canary?.currentStepAnalysisRunStatus;
    case 'Background':
      return canary?.currentBackgroundAnalysisRunStatus;
    case 'PrePromotion':
      return blueGreen?.prePromotionAnalysisRunStatus;
    case 'PostPromotion':
      return blueGreen?.postPromotionAnalysisRunStatus;
  }
}

/** True once a run (or an Experiment, or a part of it) will not change any more. */
export function isFinished({ phase }: { readonly phase: string }): boolean {
  return phase === 'Successful' || phase === 'Failed' || phase === 'Error' || phase === 'Inconclusive';
}

/** True when the run speaks against the revision. */
export function hasFailed(run: AnalysisRunView | undefined): boolean {
  return run?.phase === 'Failed' || run?.phase === 'Error';
}

/** True when the background analysis of a canary belongs to this state and step. */
export function backgroundIsDue(situation: Situation): boolean {
  const background = situation.world.rollout.spec.strategy?.canary?.analysis;
  return background !== undefined && isIn(situation, 'canary') && situation.stepIndex >= (background.startingStep ?? 0);
}

function wantedRuns(situation: Situation): readonly WantedRun[] {
  const { canary, blueGreen } = situation.world.rollout.spec.strategy ?? {};
  const due: readonly (readonly [RunRole, RolloutAnalysis | undefined, boolean])[] = [
    ['Background', canary?.analysis, backgroundIsDue(situation)],
    ['Step', stepsOf(situation)[situation.stepIndex]?.analysis, isIn(situation, 'canary')],
    ['PrePromotion', blueGreen?.prePromotionAnalysis, preIsDue(situation)],
    ['PostPromotion', blueGreen?.postPromotionAnalysis, postIsDue(situation)],
  ];
  return due.flatMap(([role, analysis, isDue]) =>
    analysis === undefined || !isDue ? [] : [{ role, analysis, run: findRun(situation, role) }],
  );
}

function preIsDue(situation: Situation): boolean {
  if (isIn(situation, 'blueGreen.preAnalysis')) return true;
  return isIn(situation, 'blueGreen.previewing') && isPreviewComplete(situation);
}

/** Either analysis may be inconclusive: the one after the switch is only due once users were switched. */
function postIsDue(situation: Situation): boolean {
  if (isIn(situation, 'blueGreen.postAnalysis')) return true;
  return isIn(situation, 'blueGreen.inconclusive') && situation.stored.blueGreen.activeIsCurrent;
}

/** True when every pod of the preview is available; a revision that was in use before may have more than it needs. */
export function isPreviewComplete(situation: Situation): boolean {
  const { current } = situation;
  const wanted = previewReplicas(situation);
  return current !== undefined && current.specReplicas >= wanted && current.availableReplicas === current.specReplicas;
}

/** Pods the preview is to have before users are switched to it. */
function previewReplicas({ world, replicas, stored }: Situation): number {
  const count = world.rollout.spec.strategy?.blueGreen?.previewReplicaCount;
  const small = count !== undefined && stored.rollout.status.blueGreen?.scaleUpPreviewCheckPoint !== true;
  return small ? Math.min(count, replicas) : replicas;
}

function startRun(situation: Situation, role: RunRole, analysis: RolloutAnalysis): readonly Effect[] {
  const { rollout, templates, analysisRuns } = situation.world;
  const spec = resolveRun(analysis, templates, {
    rollout,
    stableHash: situation.stored.rollout.status.stableRS ?? '',
    latestHash: rollout.templateHash,
  });
  // A template that cannot be resolved is a problem of the specification and was reported as such.
  if (!spec.ok) return [];
  const taken = new Set(analysisRuns.map(({ name }) => name));
  const revision = revisionOf(situation);
  return [
    {
      kind: 'createAnalysisRun',
      phase: 'analyse',
      name: freeName(
        `${rollout.name}-${rollout.templateHash}-${revision}${suffixOf(role, situation.stepIndex)}`,
        taken,
      ),
      labels: {
        ...analysis.analysisRunMetadata?.labels,
        ...rollout.spec.selector?.matchLabels,
        ...instanceLabel(rollout.labels),
        'rollouts-pod-template-hash': rollout.templateHash,
        'rollout-type': role,
        ...(role === 'Step' ? { 'step-index': String(situation.stepIndex) } : {}),
      },
      annotations: {
        ...analysis.analysisRunMetadata?.annotations,
        'rollout.argoproj.io/revision': String(revision),
      },
      spec: spec.value,
    },
  ];
}

function suffixOf(role: RunRole, stepIndex: number): string {
  switch (role) {
    case 'Background':
      return '';
    case 'Step':
      return `-${stepIndex}`;
    case 'PrePromotion':
      return '-pre';
    case 'PostPromotion':
      return '-post';
  }
}

/** A name that is not taken: the base, or the base with a number behind it. */
export function freeName(base: string, taken: ReadonlySet<string>, separator = '.'): string {
  let name = base;
  for (let attempt = 1; taken.has(name); attempt += 1) name = `${base}${separator}${attempt}`;
  return name;
}

const instanceIdLabel = 'argo-rollouts.argoproj.io/controller-instance-id';

/** The label that assigns an object to one of several controllers, as what belongs to the object has it too. */
export function instanceLabel(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const id = labels[instanceIdLabel];
  return id === undefined ? {} : { [instanceIdLabel]: id };
}
