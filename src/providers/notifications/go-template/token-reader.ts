import type { Token } from './lexer.ts';
import { TemplateFault } from './template-fault.ts';

/** Walks through the tokens of one action; the last one is always its end. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** The next token, or one further on. */
  peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)];
    if (token === undefined) throw new TemplateFault('an action without an end', 0);
    return token;
  }

  next(): Token {
    const token = this.peek();
    this.#at += 1;
    return token;
  }

  /** True, and past it, when the next token is this sign. */
  takeSign(text: string): boolean {
    const isNext = this.peek().kind === 'sign' && this.peek().text === text;
    if (isNext) this.#at += 1;
    return isNext;
  }

  expectEnd(): void {
    const token = this.peek();
    if (token.kind !== 'end') throw new TemplateFault(`"${token.text}" is not expected here`, token.offset);
  }
}
