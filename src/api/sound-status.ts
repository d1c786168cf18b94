import { recordOf, optionalRecord } from './json-access.ts';
import { rolloutStatusSchema, type RolloutStatus } from './rollout-status.ts';
import { structuralSchema } from './structural-schema.ts';
import type { StructuralSchema } from './structural.ts';

/** A status in which everything has the type that the API gives it. */
export interface SoundStatus {
  readonly status: RolloutStatus;
  /** As it is stored, when something in it had to be left out. */
  readonly storedStatus?: Readonly<Record<string, unknown>>;
}

const schema = structuralSchema(rolloutStatusSchema);

/**
 * The status of a stored object, without the fields that have another type than the API says: objects may be older than
 * their schema, and nobody checks what a status then holds. Unknown fields stay.
 */
export function soundStatus(stored: unknown): SoundStatus {
  const whole = recordOf(stored);
  const unsound = Object.keys(whole).filter((key) => !fits(schema.properties?.[key], whole[key]));
  if (unsound.length === 0) return { status: whole };
  const sound = Object.fromEntries(Object.entries(whole).filter(([key]) => !unsound.includes(key)));
  return { status: sound, storedStatus: whole };
}

/** Whether a value has the type of its schema, all the way down. */
function fits(expected: StructuralSchema | undefined, value: unknown): boolean {
  switch (expected?.type) {
    case undefined:
      return true;
    case 'array':
      return Array.isArray(value) && value.every((item) => fits(expected.items, item));
    case 'object': {
      const members = optionalRecord(value);
      const { properties = {} } = expected;
      return members !== undefined && Object.keys(members).every((key) => fits(properties[key], members[key]));
    }
    case 'integer':
    case 'number':
      return typeof value === 'number';
    default:
      return typeof value === expected?.type;
  }
}
