import type { Budget } from './budget.ts';
import type { PatternCache } from './pattern.ts';
import type { Node } from './syntax.ts';
import type { PlainMap, Value } from './value.ts';

/** The state of one evaluation. */
export interface Machine {
  readonly budget: Budget;
  readonly patterns: PatternCache;
  readonly environment: PlainMap;
  /** The time that now() gives, in milliseconds since the Unix epoch; undefined when there is no clock. */
  readonly nowMs: number | undefined;
  /** Variables of `let` that are visible. */
  readonly variables: Map<string, Value>;
  /** Lists that are being walked through, innermost last. */
  readonly scopes: Scope[];
  /** Offset of the node that is being evaluated, for messages. */
  offset: number;
  run(node: Node): Value;
}

/** Where in a list a predicate stands. */
export interface Scope {
  readonly items: readonly Value[];
  index: number;
  accumulator: Value;
}
