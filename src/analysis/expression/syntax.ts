import type { List } from './value.ts';

interface Placed {
  /** Offset in the text, for messages. */
  readonly offset: number;
}

/** Operators with two operands. Spellings that mean the same (`&&`, `||`, `^`) have become one. */
export type BinaryOperator =
  | 'or'
  | 'and'
  | '=='
  | '!='
  | '<'
  | '>'
  | '<='
  | '>='
  | 'in'
  | 'matches'
  | 'contains'
  | 'startsWith'
  | 'endsWith'
  | '..'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '**'
  | '??';

/** A node of the syntax tree. */
export type Node =
  | (Placed & { readonly kind: 'nil' })
  | BooleanNode
  | IntegerNode
  | FloatNode
  | TextNode
  | TextSetNode
  | (Placed & { readonly kind: 'bytes'; readonly value: List })
  | IdentifierNode
  | UnaryNode
  | BinaryNode
  | ChainNode
  | MemberNode
  | SliceNode
  | CallNode
  | BuiltinNode
  | PredicateNode
  | PointerNode
  | LetNode
  | SequenceNode
  | ConditionalNode
  | ArrayNode
  | MapNode;

/** `true` or `false`. */
export type BooleanNode = Placed & { readonly kind: 'boolean'; readonly value: boolean };
/** A whole number. */
export type IntegerNode = Placed & { readonly kind: 'integer'; readonly value: bigint };
/** A number with a point or an exponent. */
export type FloatNode = Placed & { readonly kind: 'float'; readonly value: number };
/** A text, also the name behind a dot and a plain key of a map. */
export type TextNode = Placed & { readonly kind: 'text'; readonly value: string };

/** A name: a variable of `let`, or a value of the environment. */
export type IdentifierNode = Placed & { readonly kind: 'identifier'; readonly name: string };

/** An operator before its operand. */
export type UnaryNode = Placed & {
  readonly kind: 'unary';
  readonly operator: 'not' | '-' | '+';
  readonly operand: Node;
};

/** An operator between two operands. */
export type BinaryNode = Placed & {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Node;
  readonly right: Node;
  /** For `==` and `!=`: both sides are known to be of this type, and it is an error when one is not. */
  readonly strict?: 'int' | 'string';
};

/** Right side of `in` that is a list of texts only. */
export type TextSetNode = Placed & { readonly kind: 'text-set'; readonly values: ReadonlySet<string> };

/** Around member accesses of which at least one is `?.`: a nil before it makes the whole chain nil. */
export type ChainNode = Placed & { readonly kind: 'chain'; readonly inner: Node };

/** `base.property` or `base[property]`. */
export type MemberNode = Placed & {
  readonly kind: 'member';
  readonly base: Node;
  readonly property: Node;
  readonly optional: boolean;
};

/** `base[from:to]`. */
export type SliceNode = Placed & {
  readonly kind: 'slice';
  readonly base: Node;
  readonly from: Node | undefined;
  readonly to: Node | undefined;
};

/** A call of a function of the environment or of a method. */
export type CallNode = Placed & {
  readonly kind: 'call';
  readonly callee: IdentifierNode | MemberNode;
  readonly parameters: readonly Node[];
};

/** A call of a function of the language. */
export type BuiltinNode = Placed & {
  readonly kind: 'builtin';
  readonly name: string;
  readonly parameters: readonly Node[];
  /** For filter and find: what is made of each element that is kept. */
  readonly kept?: Node;
  /** For find and findLast: it is an error to find nothing. */
  readonly mustFind?: boolean;
  /** For count: stop at this number. */
  readonly enough?: bigint;
};

/** An expression that is evaluated once per element. */
export type PredicateNode = Placed & { readonly kind: 'predicate'; readonly body: Node };

/** `#` (name is empty), `#index` or `#acc`. */
export type PointerNode = Placed & { readonly kind: 'pointer'; readonly name: string };

/** `let name = value; body`. */
export type LetNode = Placed & {
  readonly kind: 'let';
  readonly name: string;
  readonly value: Node;
  readonly body: Node;
};

/** Expressions separated by `;`, of which the last is the value. */
export type SequenceNode = Placed & { readonly kind: 'sequence'; readonly nodes: readonly Node[] };

/** `condition ? whenTrue : whenFalse`, or the same with if and else. */
export type ConditionalNode = Placed & {
  readonly kind: 'conditional';
  readonly condition: Node;
  readonly whenTrue: Node;
  readonly whenFalse: Node;
};

/** `[a, b]`. */
export type ArrayNode = Placed & { readonly kind: 'array'; readonly items: readonly Node[] };

/** `{key: value}`. */
export type MapNode = Placed & {
  readonly kind: 'map';
  readonly pairs: readonly { readonly key: Node; readonly value: Node }[];
};

/** The nodes directly below a node, in the order in which they stand in the text. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'unary':
      return [node.operand];
    case 'binary':
      return [node.left, node.right];
    case 'chain':
      return [node.inner];
    case 'predicate':
      return [node.body];
    case 'let':
      return [node.value, node.body];
    case 'sequence':
      return node.nodes;
    default:
      return childrenOfLarge(node);
  }
}

function childrenOfLarge(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'member':
      return [node.base, node.property];
    case 'slice':
      return [node.base, node.from, node.to].filter((child) => child !== undefined);
    case 'call':
      return [node.callee, ...node.parameters];
    case 'builtin':
      return node.parameters;
    case 'conditional':
      return [node.condition, node.whenTrue, node.whenFalse];
    case 'array':
      return node.items;
    case 'map':
      return node.pairs.flatMap((pair) => [pair.key, pair.value]);
    default:
      return [];
  }
}
