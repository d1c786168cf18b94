import type { ProjectFile } from './tree.ts';

/** A TypeScript file cut into what is code and what is only text. */
export interface SourceText {
  /**
   * The file with the inside of comments, strings, templates and regular expressions blanked; same length and lines.
   */
  readonly code: string;
  /** The file without the inside of strings, templates and regular expressions; same lines. */
  readonly prose: string;
  /** Strings without substitutions, by the offset of their opening quote. */
  readonly strings: ReadonlyMap<number, string>;
}

/** What may stand before a slash that starts a regular expression; after anything else it divides. */
const beforePattern =
  /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|void|throw|new|else|do|await|yield))$/;

/** Longest piece of code that is looked back at to tell a division from a regular expression. */
const lookBack = 40;

const sources = new WeakMap<ProjectFile, SourceText>();

/** The source text of a file, which is read once for all rules. */
export function sourceOf(file: ProjectFile): SourceText {
  const known = sources.get(file) ?? sourceText(file.text);
  sources.set(file, known);
  return known;
}

/** Reads a text once from front to back. Good enough for code that compiles and is formatted. */
export function sourceText(text: string): SourceText {
  const reader = new Reader(text);
  reader.readCode(false);
  return { code: reader.code(), prose: reader.prose(), strings: reader.strings };
}

class Reader {
  readonly strings = new Map<number, string>();
  readonly #text: string;
  readonly #code: string[] = [];
  readonly #prose: string[] = [];
  #at = 0;
  #tail = '';

  constructor(text: string) {
    this.#text = text;
  }

  code(): string {
    return this.#code.join('');
  }

  prose(): string {
    return this.#prose.join('');
  }

  /** Reads code up to the end, or up to the brace that closes a template's substitution. */
  readCode(inTemplate: boolean): void {
    let depth = 0;
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at]!;
      if (inTemplate && char === '}' && depth === 0) return;
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      this.#readToken(char);
    }
  }

  #readToken(char: string): void {
    const next = this.#text[this.#at + 1];
    if (char === "'" || char === '"') this.#readString(char);
    else if (char === '`') this.#readTemplate();
    else if (char === '/' && next === '/') this.#readComment(/$/gm);
    else if (char === '/' && next === '*') this.#readComment(/\*\//g);
    else if (char === '/' && beforePattern.test(this.#tail.trimEnd())) this.#readPattern();
    else this.#keep(1);
  }

  #readComment(end: RegExp): void {
    const start = this.#at;
    this.#blank(this.#ending(end));
    this.#prose.push(this.#text.slice(start, this.#at));
  }

  #readString(quote: string): void {
    const end = this.#ending(quote === "'" ? /(?<!\\)(?:\\\\)*'/g : /(?<!\\)(?:\\\\)*"/g, 1);
    this.strings.set(this.#at, this.#text.slice(this.#at + 1, end - 1));
    this.#keep(1);
    this.#blankLiteral(end - 1);
    this.#keep(1);
  }

  #readTemplate(): void {
    const start = this.#at;
    let plain = true;
    this.#keep(1);
    while (this.#at < this.#text.length && this.#text[this.#at] !== '`') {
      if (this.#text.startsWith('${', this.#at)) {
        plain = false;
        this.#keep(2);
        this.readCode(true);
        this.#keep(1);
      } else {
        this.#blankLiteral(this.#at + (this.#text[this.#at] === '\\' ? 2 : 1));
      }
    }
    if (plain) this.strings.set(start, this.#text.slice(start + 1, this.#at));
    this.#keep(1);
  }

  #readPattern(): void {
    let inClass = false;
    let end = this.#at + 1;
    for (; end < this.#text.length && (inClass || this.#text[end] !== '/'); end += 1) {
      if (this.#text[end] === '\\') end += 1;
      else if (this.#text[end] === '[') inClass = true;
      else if (this.#text[end] === ']') inClass = false;
    }
    this.#keep(1);
    this.#blankLiteral(end);
    this.#keep(1);
  }

  /** Offset just after the next match. */
  #ending(pattern: RegExp, skip = 0): number {
    pattern.lastIndex = this.#at + skip;
    const match = pattern.exec(this.#text);
    return match === null ? this.#text.length : match.index + match[0].length;
  }

  #keep(count: number): void {
    const piece = this.#text.slice(this.#at, this.#at + count);
    this.#at += count;
    this.#code.push(piece);
    this.#prose.push(piece);
    if (piece.trim() !== '') this.#tail = (this.#tail + piece).slice(-lookBack);
    else if (/\w$/.test(this.#tail)) this.#tail += ' ';
  }

  #blankLiteral(end: number): void {
    this.#prose.push(this.#text.slice(this.#at, end).replaceAll(/[^\n]/g, ''));
    this.#blank(end);
  }

  #blank(end: number): void {
    this.#code.push(this.#text.slice(this.#at, end).replaceAll(/[^\n]/g, ' '));
    this.#at = end;
  }
}
