import type { Static } from 'typebox';

import { backgroundAnalysisSchema, extraMetadataSchema } from './analysis-reference.ts';
import { canaryStepSchema } from './canary-step.ts';
import { boolean, int32, intOrString, list, object, stringEnum, text } from './schema.ts';
import { trafficRoutingSchema } from './traffic-routing.ts';

/** Schema of the anti-affinity between revisions. */
export const antiAffinitySchema = object(
  {},
  {
    preferredDuringSchedulingIgnoredDuringExecution: object({ weight: int32 }, {}),
    requiredDuringSchedulingIgnoredDuringExecution: object({}, {}),
  },
);

/** Keeps pods of two revisions off the same node: exactly one field; the weight is 1 to 100. */
export type AntiAffinity = Static<typeof antiAffinitySchema>;

/** Schema of the canary strategy. */
export const canaryStrategySchema = object(
  {},
  {
    canaryService: text,
    stableService: text,
    steps: list(canaryStepSchema),
    trafficRouting: trafficRoutingSchema,
    maxSurge: intOrString,
    maxUnavailable: intOrString,
    analysis: backgroundAnalysisSchema,
    antiAffinity: antiAffinitySchema,
    canaryMetadata: extraMetadataSchema,
    stableMetadata: extraMetadataSchema,
    scaleDownDelaySeconds: int32,
    scaleDownDelayRevisionLimit: int32,
    abortScaleDownDelaySeconds: int32,
    dynamicStableScale: boolean,
    pingPong: object({ pingService: text, pongService: text }, {}),
    minPodsPerReplicaSet: int32,
    replicaProgressThreshold: object({ type: stringEnum(['Percent', 'Pods']), value: int32 }, {}),
  },
);

/** The canary strategy: the new revision gets traffic step by step. */
export type CanaryStrategy = Static<typeof canaryStrategySchema>;
