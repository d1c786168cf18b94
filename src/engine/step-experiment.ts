import type { ExperimentStep } from '../api/canary-step.ts';
import { attemptStartedAt, freeName, isFinished } from './analysis-plan.ts';
import type { Effect } from './decision.ts';
import { heldBy } from './gates.ts';
import { waitsForSides } from './open-sides.ts';
import { resolveArguments } from './resolve-run.ts';
import { revisionAnnotation, revisionOf } from './revision.ts';
import { isIn, stepsOf, type Situation } from './situation.ts';
import type { StepExperimentView } from './world.ts';

/** The Experiment of the current step and attempt; undefined at other steps, and before it is made. */
export function findExperiment(situation: Situation): StepExperimentView | undefined {
  if (!isIn(situation, 'canary') || experimentStep(situation) === undefined) return undefined;
  const { rollout, experiments } = situation.world;
  const { currentExperiment } = situation.stored.rollout.status.canary ?? {};
  const startedAt = attemptStartedAt(situation);
  // The two times come from two clocks, so one that goes on is never taken for an earlier one: it would be made anew.
  const isEarlier = (experiment: StepExperimentView): boolean =>
    (isFinished(experiment) || experiment.terminating) && experiment.createdAt < startedAt;
  return experiments
    .filter(
      (experiment) =>
        experiment.hash === rollout.templateHash &&
        !experiment.deleting &&
        stepIndexIn(experiment.name, `${rollout.name}-${rollout.templateHash}`) === situation.stepIndex &&
        // Those of an attempt before a retry have the same hash and step; they were ended before this one began.
        (experiment.name === currentExperiment || !isEarlier(experiment)),
    )
    .toSorted((left, right) => right.createdAt - left.createdAt || right.name.localeCompare(left.name))[0];
}

/** Names are `<rollout>-<hash>-<revision>-<step>`, with a number behind where that was taken. */
function stepIndexIn(name: string, prefix: string): number | undefined {
  if (!name.startsWith(`${prefix}-`)) return undefined;
  const step = /^\d+-(\d+)(?:-\d+)?$/.exec(name.slice(prefix.length + 1))?.[1];
  return step === undefined ? undefined : Number(step);
}

/** The experiment that the current step asks for. */
export function experimentStep(situation: Situation): ExperimentStep | undefined {
  return stepsOf(situation)[situation.stepIndex]?.experiment;
}

/** Success counts only with evidence: a judged Experiment without a measurement passes no step. */
export function hasExperimentPassed(experiment: StepExperimentView | undefined): boolean {
  return experiment?.phase === 'Successful' && experiment.measured;
}

/** True when the Experiment has ended without saying anything for or against the revision. */
export function isExperimentUndecided(experiment: StepExperimentView | undefined): boolean {
  return experiment?.phase === 'Inconclusive' || (experiment?.phase === 'Successful' && !experiment.measured);
}

/** True when the Experiment speaks against the revision. */
export function hasExperimentFailed(experiment: StepExperimentView | undefined): boolean {
  return experiment?.phase === 'Failed' || experiment?.phase === 'Error';
}

/** Starts the Experiment that the state asks for and stops those that no longer belong to it. */
export function planExperiments(situation: Situation): readonly Effect[] {
  if (isIn(situation, 'deleting', 'invalid', 'superseding')) return [];
  const wanted = findExperiment(situation);
  return [
    ...(wanted === undefined && isIn(situation, 'canary.step.experiment') ? startExperiment(situation) : []),
    ...situation.world.experiments
      .filter(
        (experiment) =>
          experiment.name !== wanted?.name &&
          !isFinished(experiment) &&
          !experiment.terminating &&
          !experiment.deleting,
      )
      .map(({ name }): Effect => ({ kind: 'terminateExperiment', phase: 'analyse', name })),
  ];
}

/** Its pods get requests by a Service that selects every revision: it waits for that, and the gates are asked. */
function startExperiment(situation: Situation): readonly Effect[] {
  const { world, current, stable, stepIndex } = situation;
  const { rollout } = world;
  const step = experimentStep(situation);
  if (step === undefined || current === undefined || stable === undefined || heldBy(world) !== undefined) return [];
  if (waitsForSides(situation)) return [];
  const revision = String(revisionOf(situation));
  const taken = new Set(world.experiments.map(({ name }) => name));
  const args = (step.analyses ?? []).map((analysis) =>
    resolveArguments(analysis.args ?? [], { rollout, stableHash: stable.hash, latestHash: current.hash }),
  );
  const values = args.flatMap((one) => (one.ok ? [one.value] : []));
  // Arguments that cannot be resolved are a problem of the specification and were reported as such.
  if (values.length < args.length) return [];
  return [
    {
      kind: 'createExperiment',
      phase: 'analyse',
      name: freeName(`${rollout.name}-${rollout.templateHash}-${revision}-${stepIndex}`, taken, '-'),
      labels: { ...rollout.labels, 'rollouts-pod-template-hash': rollout.templateHash },
      annotations: { [revisionAnnotation]: revision },
      step,
      analyses: (step.analyses ?? []).map((analysis, index) => ({ ...analysis, args: values[index] ?? [] })),
      progressDeadlineSeconds: step.progressDeadlineSeconds ?? rollout.spec.progressDeadlineSeconds,
      replicaSets: { canary: current.name, stable: stable.name },
    },
  ];
}
