import { Type, type TUnsafe } from 'typebox';

import type { Json } from './object.ts';

/** Pod template as the schemas of other resources embed it. */
export const podTemplateField: TUnsafe<{ readonly [field: string]: Json }> = Type.Unsafe({
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
});
