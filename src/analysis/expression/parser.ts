import type { ExpressionLimits } from './budget.ts';
import { Fault } from './expression-error.ts';
import { binaryOperators, builtinNames, isComparison, negatable, predicateShapes, unaryPrecedence } from './grammar.ts';
import { type Token, tokenize } from './lexer.ts';
import { readNumber } from './number-literal.ts';
import { childrenOf, type IdentifierNode, type MemberNode, type Node } from './syntax.ts';
import { TokenCursor } from './token-cursor.ts';
import { List } from './value.ts';

/**
 * Parses a text to a syntax tree by precedence climbing. `names` are the names of the environment; one that is also
 * the name of a function of the language hides it. Throws a Fault.
 */
export function parse(source: string, names: ReadonlySet<string>, limits: ExpressionLimits): Node {
  if (source.length > limits.sourceLengthMax) {
    throw new Fault('limit', `is longer than ${limits.sourceLengthMax} characters`, 0);
  }
  return new Parser(tokenize(source), names, limits).parseAll();
}

class Parser {
  readonly #cursor: TokenCursor;
  readonly #names: ReadonlySet<string>;
  readonly #limits: ExpressionLimits;
  readonly #heights = new WeakMap<Node, number>();
  #nodeCount = 0;
  #depth = 0;
  #predicateDepth = 0;

  constructor(tokens: readonly Token[], names: ReadonlySet<string>, limits: ExpressionLimits) {
    this.#cursor = new TokenCursor(tokens);
    this.#names = names;
    this.#limits = limits;
  }

  parseAll(): Node {
    const node = this.#sequence();
    if (this.#cursor.current.kind !== 'end') this.#cursor.unexpected();
    return node;
  }

  /** Counts a new node and its height, so that no tree is larger or deeper than the limits. */
  #made<Made extends Node>(node: Made): Made {
    this.#nodeCount += 1;
    if (this.#nodeCount > this.#limits.nodeCountMax) {
      throw new Fault('limit', `has more than ${this.#limits.nodeCountMax} parts`, node.offset);
    }
    let height = 0;
    for (const child of childrenOf(node)) height = Math.max(height, this.#heights.get(child) ?? 0);
    this.#checkDepth(height + 1, node.offset);
    this.#heights.set(node, height + 1);
    return node;
  }

  #checkDepth(depth: number, offset: number): void {
    if (depth > this.#limits.depthMax) {
      throw new Fault('limit', `is nested deeper than ${this.#limits.depthMax} levels`, offset);
    }
  }

  #nested<Made>(work: () => Made): Made {
    this.#depth += 1;
    this.#checkDepth(this.#depth, this.#cursor.current.offset);
    const made = work();
    this.#depth -= 1;
    return made;
  }

  #sequence(): Node {
    const nodes = [this.#expression(0)];
    while (this.#cursor.accept('operator', ';')) {
      if (this.#cursor.current.kind === 'end') break;
      nodes.push(this.#expression(0));
    }
    const [first] = nodes;
    if (first === undefined || nodes.length > 1) {
      return this.#made({ kind: 'sequence', nodes, offset: first?.offset ?? 0 });
    }
    return first;
  }

  #expression(precedence: number): Node {
    return this.#nested(() => {
      if (precedence === 0 && this.#cursor.is('operator', 'let')) return this.#declaration();
      if (precedence === 0 && this.#cursor.is('operator', 'if')) return this.#conditionalIf();
      const node = this.#operators(this.#primary(), precedence);
      return precedence === 0 ? this.#conditional(node) : node;
    });
  }

  #operators(first: Node, precedence: number): Node {
    let left = first;
    let previous = '';
    while (this.#cursor.current.kind === 'operator') {
      const start = this.#cursor.index;
      const negated = this.#cursor.accept('operator', 'not');
      const token = this.#cursor.current;
      if (negated && !negatable.has(token.text)) this.#cursor.unexpected('"in", "matches", "contains" or the like');
      const found = binaryOperators.get(token.text);
      if (found === undefined || found.precedence < precedence) {
        this.#cursor.index = start;
        break;
      }
      this.#cursor.index += 1;
      if (previous === '??' && token.text !== '??' && token.text !== '|') {
        throw new Fault(
          'syntax',
          `"??" and "${token.text}" cannot be mixed, put one of them in parentheses`,
          token.offset,
        );
      }
      left = this.#rightSide(left, token, found.precedence, negated);
      previous = token.text;
    }
    return left;
  }

  #rightSide(left: Node, token: Token, precedence: number, negated: boolean): Node {
    if (token.text === '|') return this.#call(this.#cursor.takeName('|'), [left], true);
    if (isComparison(token.text)) return this.#comparison(left, token, precedence);
    const found = binaryOperators.get(token.text);
    const right = this.#expression(found?.isRightAssociative === true ? precedence : precedence + 1);
    const node = this.#binary(token, left, right);
    return negated ? this.#made({ kind: 'unary', operator: 'not', operand: node, offset: token.offset }) : node;
  }

  #binary(token: Token, left: Node, right: Node): Node {
    const found = binaryOperators.get(token.text);
    if (found === undefined || found.operator === '|') this.#cursor.unexpected();
    return this.#made({ kind: 'binary', operator: found.operator, left, right, offset: token.offset });
  }

  /** `a < b < c` means `a < b && b < c`. */
  #comparison(first: Node, firstToken: Token, precedence: number): Node {
    let left = first;
    let token = firstToken;
    let all: Node | undefined;
    for (;;) {
      const right = this.#expression(precedence + 1);
      const one = this.#binary(token, left, right);
      all =
        all === undefined
          ? one
          : this.#made({ kind: 'binary', operator: 'and', left: all, right: one, offset: token.offset });
      left = right;
      if (this.#cursor.current.kind !== 'operator' || !isComparison(this.#cursor.current.text)) return all;
      token = this.#cursor.take();
    }
  }

  #declaration(): Node {
    this.#cursor.expect('operator', 'let');
    const name = this.#cursor.takeName('let');
    this.#cursor.expect('operator', '=');
    const value = this.#expression(0);
    this.#cursor.expect('operator', ';');
    const body = this.#sequence();
    return this.#made({ kind: 'let', name: name.text, value, body, offset: name.offset });
  }

  #conditionalIf(): Node {
    return this.#nested(() => {
      const { offset } = this.#cursor.take();
      const condition = this.#expression(0);
      const whenTrue = this.#block();
      this.#cursor.expect('operator', 'else');
      const whenFalse = this.#cursor.is('operator', 'if') ? this.#conditionalIf() : this.#block();
      return this.#made({ kind: 'conditional', condition, whenTrue, whenFalse, offset });
    });
  }

  #block(): Node {
    this.#cursor.expect('bracket', '{');
    const node = this.#sequence();
    this.#cursor.expect('bracket', '}');
    return node;
  }

  #conditional(first: Node): Node {
    let node = first;
    while (this.#cursor.is('operator', '?')) {
      const { offset } = this.#cursor.take();
      let whenTrue = node;
      if (!this.#cursor.accept('operator', ':')) {
        whenTrue = this.#expression(0);
        this.#cursor.expect('operator', ':');
      }
      const whenFalse = this.#expression(0);
      node = this.#made({ kind: 'conditional', condition: node, whenTrue, whenFalse, offset });
    }
    return node;
  }

  #primary(): Node {
    const token = this.#cursor.current;
    const unary = token.kind === 'operator' ? unaryPrecedence.get(token.text) : undefined;
    if (unary !== undefined) {
      this.#cursor.index += 1;
      const operand = this.#expression(unary.precedence);
      return this.#postfix(this.#made({ kind: 'unary', operator: unary.operator, operand, offset: token.offset }));
    }
    if (this.#cursor.accept('bracket', '(')) {
      const node = this.#sequence();
      this.#cursor.expect('bracket', ')');
      return this.#postfix(node);
    }
    if (this.#predicateDepth > 0 && (this.#cursor.is('operator', '#') || this.#cursor.is('operator', '.')))
      return this.#pointer();
    if (this.#cursor.accept('operator', '::')) {
      return this.#postfix(this.#call(this.#cursor.takeName('::'), [], false));
    }
    return this.#literal();
  }

  #pointer(): Node {
    const token = this.#cursor.current;
    let name = '';
    // A dot stays: `.field` is `#.field`.
    if (this.#cursor.accept('operator', '#') && this.#cursor.current.kind === 'identifier')
      name = this.#cursor.take().text;
    return this.#postfix(this.#made({ kind: 'pointer', name, offset: token.offset }));
  }

  #literal(): Node {
    const token = this.#cursor.current;
    const { offset, text } = token;
    switch (token.kind) {
      case 'identifier':
        return this.#word();
      case 'number': {
        this.#cursor.index += 1;
        const value = readNumber(text, offset);
        return typeof value === 'bigint'
          ? this.#made({ kind: 'integer', value, offset })
          : this.#made({ kind: 'float', value, offset });
      }
      case 'string':
        this.#cursor.index += 1;
        return this.#postfix(this.#made({ kind: 'text', value: text, offset }));
      case 'bytes': {
        this.#cursor.index += 1;
        const items = Array.from(text, (character) => BigInt(character.charCodeAt(0)));
        return this.#postfix(this.#made({ kind: 'bytes', value: new List('byte', items), offset }));
      }
      default:
        if (this.#cursor.is('bracket', '[')) return this.#postfix(this.#array());
        if (this.#cursor.is('bracket', '{')) return this.#postfix(this.#map());
        return this.#cursor.unexpected('a value');
    }
  }

  #word(): Node {
    const token = this.#cursor.take();
    const { offset, text } = token;
    // Nothing can follow these three: `true.x` is an error.
    if (text === 'true' || text === 'false') return this.#made({ kind: 'boolean', value: text === 'true', offset });
    if (text === 'nil') return this.#made({ kind: 'nil', offset });
    if (this.#cursor.is('bracket', '(')) return this.#postfix(this.#call(token, [], true));
    return this.#postfix(this.#made({ kind: 'identifier', name: text, offset }));
  }

  /** A call; after a pipe `given` holds the left side, which is the first parameter. */
  #call(token: Token, given: readonly Node[], mayBeHidden: boolean): Node {
    const { offset, text: name } = token;
    const hidden = mayBeHidden && this.#names.has(name);
    const shape = hidden ? undefined : predicateShapes.get(name);
    if (shape !== undefined) {
      const parameters = this.#predicateParameters(name, given, shape);
      return this.#made({ kind: 'builtin', name, parameters, offset });
    }
    if (!hidden && builtinNames.has(name)) {
      return this.#made({ kind: 'builtin', name, parameters: this.#parameters(given), offset });
    }
    const callee: IdentifierNode = this.#made({ kind: 'identifier', name, offset });
    return this.#made({ kind: 'call', callee, parameters: this.#parameters(given), offset });
  }

  #parameters(given: readonly Node[]): readonly Node[] {
    this.#cursor.expect('bracket', '(');
    return [...given, ...this.#list(')', () => this.#expression(0))];
  }

  /** Items separated by commas up to the closing bracket; a comma after the last one is allowed. */
  #list<Item>(closing: string, item: () => Item): Item[] {
    const items: Item[] = [];
    while (!this.#cursor.accept('bracket', closing)) {
      if (items.length > 0) {
        this.#cursor.expect('operator', ',');
        if (this.#cursor.accept('bracket', closing)) break;
      }
      items.push(item());
    }
    return items;
  }

  #predicateParameters(name: string, given: readonly Node[], shape: readonly string[]): readonly Node[] {
    this.#cursor.expect('bracket', '(');
    const parameters = [...given];
    for (const part of shape.slice(given.length)) {
      if (this.#cursor.is('bracket', ')')) {
        if (part.endsWith('?')) break;
        throw new Fault('syntax', `${name}() lacks a parameter`, this.#cursor.current.offset);
      }
      if (parameters.length > given.length) this.#cursor.expect('operator', ',');
      parameters.push(part.startsWith('predicate') ? this.#predicate() : this.#expression(0));
    }
    this.#cursor.accept('operator', ',');
    this.#cursor.expect('bracket', ')');
    return parameters;
  }

  #predicate(): Node {
    const { offset } = this.#cursor.current;
    this.#predicateDepth += 1;
    const body = this.#cursor.is('bracket', '{') ? this.#block() : this.#expression(0);
    this.#predicateDepth -= 1;
    if (this.#cursor.is('operator', ';')) this.#cursor.unexpected('braces around a predicate with ";"');
    return this.#made({ kind: 'predicate', body, offset });
  }

  #array(): Node {
    const { offset } = this.#cursor.take();
    return this.#made({ kind: 'array', items: this.#list(']', () => this.#expression(0)), offset });
  }

  #map(): Node {
    const { offset } = this.#cursor.take();
    const pairs = this.#list('}', () => {
      const key = this.#mapKey();
      this.#cursor.expect('operator', ':');
      return { key, value: this.#expression(0) };
    });
    return this.#made({ kind: 'map', pairs, offset });
  }

  #mapKey(): Node {
    const token = this.#cursor.current;
    if (this.#cursor.is('bracket', '(')) return this.#expression(0);
    if (token.kind !== 'number' && token.kind !== 'string' && token.kind !== 'identifier') {
      this.#cursor.unexpected('a key: a name, a quoted text, a number, or an expression in parentheses');
    }
    this.#cursor.index += 1;
    return this.#made({ kind: 'text', value: token.text, offset: token.offset });
  }

  #postfix(first: Node): Node {
    let node = first;
    for (;;) {
      const { offset } = this.#cursor.current;
      const optional = this.#cursor.accept('operator', '?.');
      if (this.#cursor.accept('bracket', '[')) node = this.#index(node, optional, offset);
      else if (optional || this.#cursor.accept('operator', '.')) node = this.#property(node, optional);
      else return node;
    }
  }

  #property(base: Node, optional: boolean): Node {
    const token = this.#cursor.take();
    const isName = token.kind === 'identifier' || (token.kind === 'operator' && /^[a-z]/i.test(token.text));
    if (!isName) throw new Fault('syntax', 'expected a name after the dot', token.offset);
    const { offset } = token;
    const property = this.#made({ kind: 'text', value: token.text, offset });
    const inner = base.kind === 'chain' ? base.inner : base;
    const member: MemberNode = this.#made({ kind: 'member', base: inner, property, optional, offset });
    const node: Node = this.#cursor.is('bracket', '(')
      ? this.#made({ kind: 'call', callee: member, parameters: this.#parameters([]), offset })
      : member;
    return optional || base.kind === 'chain' ? this.#made({ kind: 'chain', inner: node, offset }) : node;
  }

  #index(base: Node, optional: boolean, offset: number): Node {
    const from = this.#cursor.is('operator', ':') ? undefined : this.#expression(0);
    if (from === undefined || this.#cursor.is('operator', ':')) {
      this.#cursor.expect('operator', ':');
      const to = this.#cursor.is('bracket', ']') ? undefined : this.#expression(0);
      this.#cursor.expect('bracket', ']');
      return this.#made({ kind: 'slice', base, from, to, offset });
    }
    this.#cursor.expect('bracket', ']');
    const member = this.#made({ kind: 'member', base, property: from, optional, offset });
    return optional ? this.#made({ kind: 'chain', inner: member, offset }) : member;
  }
}
