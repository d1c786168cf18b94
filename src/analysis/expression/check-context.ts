import type { PatternCache } from './pattern.ts';
import type { StaticType } from './static-type.ts';
import type { Node } from './syntax.ts';

/** What the rules of the checker share. */
export interface CheckContext {
  /** Types of the environment's values by name. */
  readonly names: ReadonlyMap<string, StaticType>;
  readonly patterns: PatternCache;
  /** Variables of `let` that are visible, innermost last. */
  readonly variables: { readonly name: string; readonly type: StaticType }[];
  /** Predicates around the node, innermost last. */
  readonly scopes: PredicateScope[];
  visit(node: Node): StaticType;
}

/** What `#` and `#name` mean in a predicate. */
export interface PredicateScope {
  readonly collection: StaticType;
  readonly pointers: ReadonlyMap<string, StaticType>;
}
