import { TemplateFault } from './template-fault.ts';

/** A piece of a template. An action is cut into tokens. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly offset: number };

/** A word of an action. A field has its dot, a variable its dollar sign. */
export interface Token {
  readonly kind: 'field' | 'variable' | 'word' | 'number' | 'string' | 'sign' | 'dot' | 'end';
  readonly text: string;
  readonly offset: number;
  /** True when nothing stands between it and the token before. */
  readonly isJoined: boolean;
}

const opening = '{{';
const closing = '}}';

/** Cuts a template into texts and actions, with comments and trimmed blanks taken away. Throws a TemplateFault. */
export function cutTemplate(source: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trimsNext = false;
  while (at <= source.length) {
    const start = source.indexOf(opening, at);
    const text = source.slice(at, start === -1 ? source.length : start);
    const trimsThis = start !== -1 && /^-[ \t\r\n]/.test(source.slice(start + 2, start + 4));
    addText(pieces, text, trimsNext, trimsThis);
    if (start === -1) return pieces;
    const action = readAction(source, start, trimsThis ? start + 4 : start + 2);
    if (action.piece !== undefined) pieces.push(action.piece);
    trimsNext = action.trims;
    at = action.end;
  }
  return pieces;
}

/** Blanks as the template language trims them. */
const blanks = ' \t\r\n';

function addText(pieces: Piece[], text: string, trimsStart: boolean, trimsEnd: boolean): void {
  const isBlank = (position: number): boolean => blanks.includes(text.charAt(position));
  let [from, to] = [0, text.length];
  if (trimsStart) while (from < to && isBlank(from)) from += 1;
  if (trimsEnd) while (to > from && isBlank(to - 1)) to -= 1;
  if (to > from) pieces.push({ kind: 'text', text: text.slice(from, to) });
}

interface ReadAction {
  /** Absent for a comment. */
  readonly piece?: Piece;
  readonly end: number;
  /** Blanks after it are trimmed. */
  readonly trims: boolean;
}

function readAction(source: string, start: number, from: number): ReadAction {
  if (source.startsWith('/*', from)) return readComment(source, start, from);
  const tokens: Token[] = [];
  let at = from;
  for (;;) {
    const joinedAt = at;
    while (at < source.length && blanks.includes(source.charAt(at))) at += 1;
    const trims = at > joinedAt && source.startsWith(`-${closing}`, at);
    if (trims || source.startsWith(closing, at)) {
      tokens.push({ kind: 'end', text: closing, offset: at, isJoined: false });
      return { piece: { kind: 'action', tokens, offset: start }, end: at + (trims ? 3 : 2), trims };
    }
    if (at >= source.length) throw new TemplateFault('this action is not closed: "}}" is missing', start);
    const token = readToken(source, at, tokens.length > 0 && at === joinedAt);
    tokens.push(token);
    at += token.text.length;
  }
}

function readComment(source: string, start: number, from: number): ReadAction {
  const end = source.indexOf('*/', from + 2);
  if (end === -1) throw new TemplateFault('this comment is not closed: "*/" is missing', start);
  const rest = /^(?<trim>[ \t\r\n]-)?\}\}/.exec(source.slice(end + 2, end + 6));
  if (rest === null) throw new TemplateFault('a comment must end with "*/}}" or "*/ -}}"', end);
  return { end: end + 2 + rest[0].length, trims: rest.groups?.['trim'] !== undefined };
}

const forms: readonly (readonly [Token['kind'], RegExp])[] = [
  ['number', /[+-]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\p{L}\d_])/uy],
  ['field', /\.[\p{L}_][\p{L}\d_]*/uy],
  ['dot', /\./y],
  ['variable', /\$(?:[\p{L}_][\p{L}\d_]*)?/uy],
  ['word', /[\p{L}_][\p{L}\d_]*/uy],
  ['string', /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ['sign', /:=|[=|(),]/y],
];

function readToken(source: string, offset: number, isJoined: boolean): Token {
  for (const [kind, form] of forms) {
    form.lastIndex = offset;
    const text = form.exec(source)?.[0];
    if (text !== undefined) return { kind, text, offset, isJoined };
  }
  const character = source.slice(offset, offset + 1);
  throw new TemplateFault(
    '"`'.includes(character) ? 'this text is not closed' : `"${character}" has no meaning in an action`,
    offset,
  );
}
