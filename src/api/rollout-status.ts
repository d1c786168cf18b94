import type { Static } from 'typebox';

import { anyValue, boolean, instant, int32, int64, list, object, stringEnum, text } from './schema.ts';

/** Schema of a condition of a Rollout or an Experiment. */
export const conditionSchema = object(
  { type: text, status: text, reason: text, message: text, lastUpdateTime: instant, lastTransitionTime: instant },
  {},
);

/** One condition: status is `True`, `False` or `Unknown`. */
export type Condition = Static<typeof conditionSchema>;

const pauseConditionSchema = object({ reason: text, startTime: instant }, {});

/** Why and since when the controller pauses. */
export type PauseCondition = Static<typeof pauseConditionSchema>;

/** Reasons of pause conditions. */
export type PauseReason = 'CanaryPauseStep' | 'BlueGreenPause' | 'InconclusiveAnalysisRun' | 'InconclusiveExperiment';

const analysisRunReferenceSchema = object({ name: text, status: text }, { message: text });

/** An AnalysisRun that the Rollout looks at: its name, phase and message. */
export type AnalysisRunReference = Static<typeof analysisRunReferenceSchema>;

const weightDestinationSchema = object({ weight: int32 }, { serviceName: text, podTemplateHash: text });

/** What one destination gets of the traffic. */
export type WeightDestination = Static<typeof weightDestinationSchema>;

const trafficWeightsSchema = object(
  { canary: weightDestinationSchema, stable: weightDestinationSchema },
  { additional: list(weightDestinationSchema), verified: boolean },
);

/** Weights as last set and read back; verified is absent when the router cannot tell. */
export type TrafficWeights = Static<typeof trafficWeightsSchema>;

const stepPluginStatusSchema = object(
  { index: int32, name: text },
  {
    operation: stringEnum(['Run', 'Terminate', 'Abort']),
    phase: stringEnum(['Running', 'Successful', 'Failed', 'Error']),
    message: text,
    startedAt: instant,
    updatedAt: instant,
    finishedAt: instant,
    backoff: text,
    executions: int32,
    disabled: boolean,
    status: anyValue,
  },
);

/** How far a plug-in step has come. */
export type StepPluginStatus = Static<typeof stepPluginStatusSchema>;

const canaryStatusSchema = object(
  {},
  {
    currentStepAnalysisRunStatus: analysisRunReferenceSchema,
    currentBackgroundAnalysisRunStatus: analysisRunReferenceSchema,
    currentExperiment: text,
    weights: trafficWeightsSchema,
    stablePingPong: stringEnum(['ping', 'pong']),
    stepPluginStatuses: list(stepPluginStatusSchema),
  },
);

/** The canary's part of the status. */
export type CanaryStatus = Static<typeof canaryStatusSchema>;

const blueGreenStatusSchema = object(
  {},
  {
    previewSelector: text,
    activeSelector: text,
    scaleUpPreviewCheckPoint: boolean,
    prePromotionAnalysisRunStatus: analysisRunReferenceSchema,
    postPromotionAnalysisRunStatus: analysisRunReferenceSchema,
  },
);

/** The blue/green part of the status. */
export type BlueGreenStatus = Static<typeof blueGreenStatusSchema>;

const awsResourceSchema = object({ arn: text, name: text }, {});
const targetGroupSchema = object({ arn: text, name: text }, {});

const albStatusSchema = object(
  {},
  {
    loadBalancer: awsResourceSchema,
    canaryTargetGroup: targetGroupSchema,
    stableTargetGroup: targetGroupSchema,
    ingress: text,
  },
);

/** The load balancer and target groups of one ingress. */
export type AlbStatus = Static<typeof albStatusSchema>;

const durationStatusSchema = object(
  {},
  {
    rolloutStartedAt: instant,
    manualPauseStartedAt: instant,
    totalManualPauseDurationSeconds: int64,
    finishedAt: instant,
    completionStatus: stringEnum(['Promoted', 'FastPromoted', 'Aborted', 'Superseded', 'RolledBack', 'FastRolledBack']),
  },
);

/** When the current update began and ended, and how long people held it. */
export type DurationStatus = Static<typeof durationStatusSchema>;

/** Schema of the phase of a Rollout. */
const phaseSchema = stringEnum(['Healthy', 'Degraded', 'Progressing', 'Paused']);

/** What clients show as the state of a Rollout. */
export type RolloutPhase = Static<typeof phaseSchema>;

/** Schema of status of a Rollout. */
export const rolloutStatusSchema = object(
  {},
  {
    abort: boolean,
    abortedAt: instant,
    pauseConditions: list(pauseConditionSchema),
    controllerPause: boolean,
    currentPodHash: text,
    currentStepHash: text,
    currentStepIndex: int32,
    stableRS: text,
    replicas: int32,
    updatedReplicas: int32,
    readyReplicas: int32,
    availableReplicas: int32,
    HPAReplicas: int32,
    selector: text,
    collisionCount: int32,
    observedGeneration: text,
    workloadObservedGeneration: text,
    conditions: list(conditionSchema),
    phase: text,
    message: text,
    restartedAt: instant,
    promoteFull: boolean,
    canary: canaryStatusSchema,
    blueGreen: blueGreenStatusSchema,
    alb: albStatusSchema,
    albs: list(albStatusSchema),
    duration: durationStatusSchema,
  },
);

/**
 * Status of a Rollout. Fields that are not listed here may be present in a stored status and must be kept: change it
 * by spreading, never by building it anew. observedGeneration is decimal text.
 */
export type RolloutStatus = Static<typeof rolloutStatusSchema>;
