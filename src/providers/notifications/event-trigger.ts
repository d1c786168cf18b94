/** Reasons of Events of a Rollout that a trigger can wait for. */
const reasons = [
  'RolloutAddedToInformer',
  'RolloutUpdated',
  'NewReplicaSetCreated',
  'RolloutNotCompleted',
  'ScalingReplicaSet',
  'RolloutCompleted',
  'RolloutStepCompleted',
  'RolloutPaused',
  'RolloutResumed',
  'RolloutAborted',
  'RolloutDeleted',
  'SwitchService',
  'TrafficWeightUpdated',
  'TrafficRoutingError',
  'WeightVerifyError',
  'SkipSteps',
  'ReconciliationError',
  'ReplicaSetCreateError',
  'ExperimentCreated',
  ...['Pending', 'Running', 'Successful', 'Failed', 'Error', 'Inconclusive'].flatMap((phase) => [
    `AnalysisRun${phase}`,
    `Experiment${phase}`,
  ]),
];

const eventTriggers: ReadonlySet<string> = new Set(reasons.map(triggerOfReason));

/** The trigger of an Event's reason, e.g. `on-rollout-step-completed` of `RolloutStepCompleted`. */
export function triggerOfReason(reason: string): string {
  const words = reason.replaceAll(/(.)([A-Z][a-z]+)/g, '$1-$2').replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2');
  return `on-${words.toLowerCase()}`;
}

/** True for a trigger that an Event sets off. Every other trigger is set off by its own conditions. */
export function isEventTrigger(trigger: string): boolean {
  return eventTriggers.has(trigger);
}
