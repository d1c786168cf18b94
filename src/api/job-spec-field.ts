import { Type, type TUnsafe } from 'typebox';

import type { Json } from './object.ts';

/** Spec of a batch/v1 Job as the job metric provider embeds it. */
export const jobSpecField: TUnsafe<{ readonly [field: string]: Json }> = Type.Unsafe({
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
});
