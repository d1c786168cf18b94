import { Type, type Static, type TSchema, type TUnsafe } from 'typebox';

import { object } from '../../api/schema.ts';

type Fields = Readonly<Record<string, TSchema>>;

/** What a client sends: fields that are not named are refused, so that a typing error is told. */
export function closed<Required extends Fields, Optional extends Fields>(
  required: Required,
  optional: Optional,
): TUnsafe<Static<ReturnType<typeof object<Required, Optional>>>> {
  return Type.Unsafe({ ...object(required, optional), additionalProperties: false });
}

/** Parameters of a path: all are there. */
export function named<Required extends Fields>(required: Required) {
  return object(required, {});
}

/** Text of a form. */
export function pattern(expression: string, description: string): TUnsafe<string> {
  return Type.Unsafe({ type: 'string', pattern: expression, description });
}

/** Text without controls that is not empty and not too long. */
export function line(lengthMax: number, description: string): TUnsafe<string> {
  return Type.Unsafe({ type: 'string', pattern: `^[^\\p{Cc}]{1,${lengthMax}}$`, description });
}
