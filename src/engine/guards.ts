import type { Facts } from './facts.ts';
import { isPauseLifted, type Stored } from './stored.ts';

/** What the statechart carries: never stored, rebuilt at every pass. */
export interface MachineContext {
  readonly stored: Stored;
  /** The step the chart stands at; it moves at most by one in a pass. */
  readonly stepIndex: number;
}

/** The only event: the facts of this pass. */
export interface Observed {
  readonly type: 'OBSERVED';
  readonly facts: Facts;
}

interface GuardArguments {
  readonly context: MachineContext;
}

const stored =
  (question: (stored: Stored) => boolean) =>
  ({ context }: GuardArguments): boolean =>
    question(context.stored);

const step =
  (kind: Stored['stepKinds'][number]) =>
  ({ context }: GuardArguments): boolean =>
    context.stored.stepKinds[context.stepIndex] === kind;

/** True while the stored pause is about the step the chart stands at (it has not just moved to it). */
const atStoredStep = ({ context }: GuardArguments): boolean => context.stepIndex === context.stored.stepIndex;

/** Guards on specification and status alone: they restore the state. */
export const storedGuards = {
  isDeleting: stored(({ deleting }) => deleting),
  isInvalid: stored(({ invalid }) => invalid),
  isSuperseded: stored(({ superseded }) => superseded),
  isBlueGreen: stored(({ strategy }) => strategy === 'blueGreen'),
  hasNoStable: stored(({ hasStable }) => !hasStable),
  isAborted: stored(({ aborted }) => aborted),
  isAtStable: stored(({ currentIsStable }) => currentIsStable),
  isPromotedFully: stored(({ promoteFull }) => promoteFull),
  isPausedInconclusive: stored(({ pauseReasons }) => pauseReasons.some((reason) => reason.startsWith('Inconclusive'))),
  isStepWeight: step('setWeight'),
  isStepPause: step('pause'),
  isStepAnalysis: step('analysis'),
  isStepScale: step('setCanaryScale'),
  isStepHeaderRoute: step('setHeaderRoute'),
  isStepMirrorRoute: step('setMirrorRoute'),
  isStepExperiment: step('experiment'),
  isStepPlugin: step('plugin'),
  isPauseBegun: ({ context }: GuardArguments): boolean =>
    !atStoredStep({ context }) || context.stored.pauseReasons.includes('CanaryPauseStep'),
  isPauseLifted: stored(isPauseLifted),
  hasNoActive: stored(({ blueGreen }) => !blueGreen.hasActive),
  isActiveCurrent: stored(({ blueGreen }) => blueGreen.activeIsCurrent),
  isBlueGreenPaused: stored(({ pauseReasons }) => pauseReasons.includes('BlueGreenPause')),
  isCheckPointPassed: stored(({ blueGreen }) => blueGreen.checkPointPassed),
  needsPreAnalysis: stored(({ blueGreen }) => blueGreen.preAnalysisOpen),
  hasPreAnalysis: stored(({ blueGreen }) => blueGreen.preAnalysisRecorded),
  needsPause: stored(({ blueGreen }) => blueGreen.pauseConfigured),
  needsNoPostAnalysis: stored(({ blueGreen }) => !blueGreen.postAnalysisConfigured),
} as const;

const fact =
  (name: keyof Facts) =>
  ({ event }: { readonly event: Observed }): boolean =>
    event.facts[name];

/** Guards on the world: they move the chart on. */
export const factGuards = {
  specInvalid: fact('specInvalid'),
  gatesOpen: fact('gatesOpen'),
  newReplicaSetScaled: fact('newReplicaSetScaled'),
  withinRollbackWindow: fact('withinRollbackWindow'),
  analysisFailed: fact('analysisFailed'),
  backgroundInconclusive: fact('backgroundInconclusive'),
  deadlineAborts: fact('deadlineAborts'),
  countsReached: fact('countsReached'),
  trafficReached: fact('trafficReached'),
  pauseElapsed: fact('pauseElapsed'),
  stepAnalysisPassed: fact('stepAnalysisPassed'),
  stepAnalysisInconclusive: fact('stepAnalysisInconclusive'),
  stepAnalysisAcknowledged: fact('stepAnalysisAcknowledged'),
  experimentFailed: fact('experimentFailed'),
  experimentPassed: fact('experimentPassed'),
  experimentInconclusive: fact('experimentInconclusive'),
  experimentAcknowledged: fact('experimentAcknowledged'),
  experimentLeft: fact('experimentLeft'),
  stepPluginPassed: fact('stepPluginPassed'),
  stepPluginFailed: fact('stepPluginFailed'),
  fullyShifted: fact('fullyShifted'),
  previewSaturated: fact('previewSaturated'),
  fastTrack: fact('fastTrack'),
  preAnalysisStarted: fact('preAnalysisStarted'),
  preAnalysisPassed: fact('preAnalysisPassed'),
  preAnalysisInconclusive: fact('preAnalysisInconclusive'),
  activeSwitched: fact('activeSwitched'),
  activeElsewhere: fact('activeElsewhere'),
  postAnalysisPassed: fact('postAnalysisPassed'),
  postAnalysisInconclusive: fact('postAnalysisInconclusive'),
} as const;
