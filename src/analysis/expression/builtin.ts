import type { Machine } from './machine.ts';
import type { Value } from './value.ts';

/** A function of the language. It may throw a Fault. */
export type Builtin = (parameters: readonly Value[], machine: Machine) => Value;
