import { Fault } from './expression-error.ts';
import type { Token, TokenKind } from './lexer.ts';

/** A place in a list of tokens. The last token is `end`; nothing is ever read behind it. */
export class TokenCursor {
  readonly #tokens: readonly Token[];
  /** Index of the current token. It can be set back to one that was seen. */
  index = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.#tokens[this.index] ?? { kind: 'end', text: '', offset: 0 };
  }

  is(kind: TokenKind, text: string): boolean {
    const token = this.current;
    return token.kind === kind && token.text === text;
  }

  /** Gives the current token and goes to the next one. */
  take(): Token {
    const token = this.current;
    if (token.kind !== 'end') this.index += 1;
    return token;
  }

  /** Goes to the next token if the current one is as wanted. */
  accept(kind: TokenKind, text: string): boolean {
    const isFound = this.is(kind, text);
    if (isFound) this.index += 1;
    return isFound;
  }

  /** Like accept, but anything else is a fault. */
  expect(kind: TokenKind, text: string): void {
    if (!this.accept(kind, text)) this.unexpected(`"${text}"`);
  }

  /** Gives the current token, which must be an identifier, and goes to the next one. */
  takeName(after: string): Token {
    if (this.current.kind !== 'identifier') this.unexpected(`a name after "${after}"`);
    return this.take();
  }

  /** Throws the fault that the current token cannot stand here. */
  unexpected(wanted?: string): never {
    const token = this.current;
    const found = token.kind === 'end' ? 'the end of the text' : JSON.stringify(token.text);
    throw new Fault('syntax', `unexpected ${found}${wanted === undefined ? '' : `, expected ${wanted}`}`, token.offset);
  }
}
