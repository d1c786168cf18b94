/**
 * What the world says, as the statechart asks it: one boolean per question. `observeFacts` fills it in; each is read by
 * exactly one guard, so that a wrong answer to any of them can be tried by itself.
 */
export interface Facts {
  /** The specification, or something it refers to, is wrong. */
  readonly specInvalid: boolean;
  /** No gate holds raises and promotions back. */
  readonly gatesOpen: boolean;
  /** The ReplicaSet of the current template exists and was told its size. */
  readonly newReplicaSetScaled: boolean;
  /** The current template is that of an earlier revision within the rollback window. */
  readonly withinRollbackWindow: boolean;
  /** An analysis of this revision Failed or ended in Error. */
  readonly analysisFailed: boolean;
  /** The background analysis is Inconclusive and nobody has looked at it yet. */
  readonly backgroundInconclusive: boolean;
  /** No progress within the deadline, and the specification asks to abort then. */
  readonly deadlineAborts: boolean;
  /** ReplicaSets have the sizes that the step asks for. */
  readonly countsReached: boolean;
  /** Every router was read with the step's weight and its managed routes, and none refuses them. */
  readonly trafficReached: boolean;
  /** The pause has lasted as long as it asks for. */
  readonly pauseElapsed: boolean;
  /** The step's analysis is Successful, with at least one real measurement. */
  readonly stepAnalysisPassed: boolean;
  /** The step's analysis is Inconclusive (or ended without evidence). */
  readonly stepAnalysisInconclusive: boolean;
  /** A person went on after the step's Inconclusive analysis. */
  readonly stepAnalysisAcknowledged: boolean;
  /** The step's Experiment Failed or ended in Error. */
  readonly experimentFailed: boolean;
  /** The step's Experiment is Successful, and what it is judged by has shown something. */
  readonly experimentPassed: boolean;
  /** The step's Experiment is Inconclusive (or ended without evidence). */
  readonly experimentInconclusive: boolean;
  /** A person went on after the step's Inconclusive Experiment. */
  readonly experimentAcknowledged: boolean;
  /** No router leads anybody to an Experiment whom the stable side could carry. */
  readonly experimentLeft: boolean;
  /** The step's plug-in is Successful, or switched off. */
  readonly stepPluginPassed: boolean;
  /** The step's plug-in has Failed. */
  readonly stepPluginFailed: boolean;
  /** The new revision is fully available and has all the traffic. */
  readonly fullyShifted: boolean;
  /** Blue/green: every pod the preview is to have is available. */
  readonly previewSaturated: boolean;
  /** Blue/green: the new revision may be switched to without gates (back to a revision that still runs). */
  readonly fastTrack: boolean;
  /** Blue/green: the run before promotion exists. */
  readonly preAnalysisStarted: boolean;
  readonly preAnalysisPassed: boolean;
  readonly preAnalysisInconclusive: boolean;
  /** Blue/green: the active Service was read with the current hash. */
  readonly activeSwitched: boolean;
  /** Blue/green: the active Service was read with the hash of another revision. */
  readonly activeElsewhere: boolean;
  readonly postAnalysisPassed: boolean;
  readonly postAnalysisInconclusive: boolean;
}
