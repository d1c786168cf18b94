/** Signs that open and close a text. */
export type Quote = '"' | "'" | '`';

/** The quote that is still open at the end of a text; a backslash takes the meaning from the next character. */
export function openQuote(text: string): Quote | undefined {
  let open: Quote | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (open === undefined) {
      if (isQuote(character)) open = character;
    } else if (character === '\\' && open !== '`') at += 1;
    else if (character === open) open = undefined;
  }
  return open;
}

/**
 * The value such that it cannot end the quotes it stands in. Escapes that are in it already stay: patterns are handed
 * over with their backslashes doubled where a query needs that.
 */
export function escapeForQuote(value: string, quote: Quote): string {
  let escaped = '';
  for (let at = 0; at < value.length; at += 1) {
    const character = value.charAt(at);
    if (character === '\\') {
      // A backslash at the very end would take the meaning from the closing quote.
      const isLast = at === value.length - 1;
      escaped += isLast ? '\\\\' : character + value.charAt(at + 1);
      at += 1;
    } else escaped += character === quote ? `\\${character}` : character;
  }
  return escaped;
}

function isQuote(character: string): character is Quote {
  return character === '"' || character === "'" || character === '`';
}
