import type { Static } from 'typebox';

import { extraMetadataSchema, rolloutAnalysisSchema } from './analysis-reference.ts';
import { antiAffinitySchema } from './canary-strategy.ts';
import { boolean, int32, intOrString, object, text } from './schema.ts';

/** Schema of the blue/green strategy. */
export const blueGreenStrategySchema = object(
  { activeService: text },
  {
    previewService: text,
    previewReplicaCount: int32,
    autoPromotionEnabled: boolean,
    autoPromotionSeconds: int32,
    maxUnavailable: intOrString,
    scaleDownDelaySeconds: int32,
    scaleDownDelayRevisionLimit: int32,
    abortScaleDownDelaySeconds: int32,
    prePromotionAnalysis: rolloutAnalysisSchema,
    postPromotionAnalysis: rolloutAnalysisSchema,
    antiAffinity: antiAffinitySchema,
    previewMetadata: extraMetadataSchema,
    activeMetadata: extraMetadataSchema,
  },
);

/** The blue/green strategy: the new revision gets all traffic at once when it is ready and approved. */
export type BlueGreenStrategy = Static<typeof blueGreenStrategySchema>;
