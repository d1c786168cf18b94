import type { Static } from 'typebox';

import { labelSelectorSchema } from './label-selector.ts';
import { podTemplateField } from './pod-template-field.ts';
import { anyObject, boolean, int32, int64, object, text } from './schema.ts';

/** Schema of spec of a batch/v1 Job as the job metric provider embeds it. */
export const jobSpecSchema = object(
  { template: podTemplateField },
  {
    parallelism: int32,
    completions: int32,
    activeDeadlineSeconds: int64,
    podFailurePolicy: anyObject,
    successPolicy: anyObject,
    backoffLimit: int32,
    backoffLimitPerIndex: int32,
    maxFailedIndexes: int32,
    selector: labelSelectorSchema,
    manualSelector: boolean,
    ttlSecondsAfterFinished: int32,
    completionMode: text,
    suspend: boolean,
    podReplacementPolicy: text,
    managedBy: text,
  },
);

/** Spec of a batch/v1 Job. */
export type JobSpec = Static<typeof jobSpecSchema>;
