import type { TSchema } from 'typebox';

import { checkStructural } from './structural-check.ts';
import type { StructuralSchema } from './structural.ts';

/**
 * The structural form of a schema: its plain JSON, after checking that an API server would take it. Throws a
 * SluiceError (Invalid) on anything that is not structural.
 */
export function structuralSchema(schema: TSchema): StructuralSchema {
  // A schema is JSON beside a few marks of the library, which are not enumerable.
  const structural = JSON.parse(JSON.stringify(schema)) as StructuralSchema;
  checkStructural(structural);
  return structural;
}
