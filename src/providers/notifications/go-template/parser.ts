import { cutTemplate, type Piece, type Token } from './lexer.ts';
import { parsePipe } from './parse-pipe.ts';
import type { Pipe, TemplateNode } from './syntax.ts';
import { TemplateFault } from './template-fault.ts';
import { TokenReader } from './token-reader.ts';

/** Nesting of blocks. */
const depthMax = 50;

/** Words that begin an action which this interpreter does not have. */
const refusedWords: ReadonlySet<string> = new Set(['define', 'template', 'block']);

/** Reads a template. Throws a TemplateFault for whatever is not understood, by its name and place. */
export function parse(source: string): readonly TemplateNode[] {
  const cursor: Cursor = { pieces: cutTemplate(source), at: 0, loops: 0, depth: 0, scopes: [new Set(['$'])] };
  const { nodes, end } = parseList(cursor);
  if (end !== undefined) throw new TemplateFault(`"${end.word}" closes nothing`, end.offset);
  return nodes;
}

interface Cursor {
  readonly pieces: readonly Piece[];
  at: number;
  loops: number;
  depth: number;
  /** Names of variables, innermost block last. */
  scopes: Set<string>[];
}

/** The action that ends a list of nodes. */
interface ListEnd {
  readonly word: 'end' | 'else';
  readonly reader: TokenReader;
  readonly offset: number;
}

function parseList(cursor: Cursor): { readonly nodes: readonly TemplateNode[]; readonly end?: ListEnd } {
  const nodes: TemplateNode[] = [];
  for (;;) {
    const piece = cursor.pieces[cursor.at];
    if (piece === undefined) return { nodes };
    cursor.at += 1;
    if (piece.kind === 'text') {
      nodes.push(piece);
      continue;
    }
    const reader = new TokenReader(piece.tokens);
    const { text: word, kind } = reader.peek();
    if (kind === 'word' && (word === 'end' || word === 'else')) {
      reader.next();
      return { nodes, end: { word, reader, offset: piece.offset } };
    }
    nodes.push(parseAction(reader, piece.offset, cursor));
  }
}

function parseAction(reader: TokenReader, offset: number, cursor: Cursor): TemplateNode {
  const first = reader.peek();
  if (first.kind === 'word') {
    if (refusedWords.has(first.text)) {
      throw new TemplateFault(`"${first.text}" is not supported in notification templates`, first.offset);
    }
    if (first.text === 'if' || first.text === 'with' || first.text === 'range') {
      reader.next();
      return parseBlock(first.text, reader, offset, cursor);
    }
    if (first.text === 'break' || first.text === 'continue') return parseJump(first.text, reader, cursor);
  }
  const pipe = parseWhole(reader, cursor, 1);
  return { kind: 'action', pipe };
}

function parseJump(kind: 'break' | 'continue', reader: TokenReader, cursor: Cursor): TemplateNode {
  const { offset } = reader.next();
  reader.expectEnd();
  if (cursor.loops === 0) throw new TemplateFault(`"${kind}" stands outside of a range`, offset);
  return { kind, offset };
}

/** A pipeline that fills the rest of the action; what it declares is known from here on. */
function parseWhole(reader: TokenReader, cursor: Cursor, variablesMax: 1 | 2): Pipe {
  const isKnown = (name: string): boolean => cursor.scopes.some((scope) => scope.has(name));
  const pipe = parsePipe(reader, { isKnown, variablesMax });
  reader.expectEnd();
  if (pipe.declares) for (const name of pipe.variables) cursor.scopes.at(-1)?.add(name);
  return pipe;
}

function parseBlock(kind: 'if' | 'with' | 'range', reader: TokenReader, offset: number, cursor: Cursor): TemplateNode {
  cursor.depth += 1;
  if (cursor.depth > depthMax) throw new TemplateFault(`more than ${depthMax} blocks in each other`, offset);
  cursor.scopes.push(new Set());
  const pipe = parseWhole(reader, cursor, kind === 'range' ? 2 : 1);
  const loop = kind === 'range' ? 1 : 0;
  cursor.loops += loop;
  const { nodes: body, end } = inScope(cursor, () => parseList(cursor));
  cursor.loops -= loop;
  if (end === undefined) throw new TemplateFault(`this "${kind}" is not closed: "{{end}}" is missing`, offset);
  const otherwise = end.word === 'else' ? parseElse(kind, end, offset, cursor) : expectNothing(end);
  cursor.scopes.pop();
  cursor.depth -= 1;
  return { kind, pipe, body, otherwise };
}

function parseElse(
  kind: 'if' | 'with' | 'range',
  { reader, offset: elseOffset }: ListEnd,
  offset: number,
  cursor: Cursor,
): readonly TemplateNode[] {
  const next: Token = reader.peek();
  // `else if` and `else with` are a block of their own that shares the `end`.
  if (next.kind === 'word' && next.text === kind && kind !== 'range') {
    reader.next();
    return [parseBlock(kind, reader, next.offset, cursor)];
  }
  reader.expectEnd();
  const { nodes, end } = inScope(cursor, () => parseList(cursor));
  if (end === undefined) throw new TemplateFault(`this "${kind}" is not closed: "{{end}}" is missing`, offset);
  if (end.word === 'else') throw new TemplateFault('a second "else"', elseOffset);
  expectNothing(end);
  return nodes;
}

function expectNothing({ reader }: ListEnd): readonly TemplateNode[] {
  reader.expectEnd();
  return [];
}

function inScope<T>(cursor: Cursor, work: () => T): T {
  cursor.scopes.push(new Set());
  const result = work();
  cursor.scopes.pop();
  return result;
}
