import { fail, succeed, type Result } from '../../base/result.ts';

/** A step of a path; each takes the values that the step before it has found. */
export type PathStep =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'field'; readonly name: string }
  /** All members of an object or a list. */
  | { readonly kind: 'members' }
  | { readonly kind: 'index'; readonly index: number }
  /** Absent bounds are those of the list; negative ones count from its end. */
  | { readonly kind: 'slice'; readonly start?: number; readonly end?: number; readonly step?: number }
  /** The value and everything in it that has members itself. */
  | { readonly kind: 'descendants' }
  | { readonly kind: 'union'; readonly steps: readonly PathStep[] }
  /** The elements for which the path finds something. */
  | { readonly kind: 'exists'; readonly path: Path }
  | {
      readonly kind: 'filter';
      readonly left: Path;
      readonly operator: ComparisonOperator;
      readonly right: Path;
    };

/** Steps in the order in which they are taken. */
export type Path = readonly PathStep[];

/** How a filter compares. */
export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** A part of a template: what stands in one pair of braces, or a range with all that is repeated for it. */
export type JsonPathPart =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'range'; readonly path: Path; readonly body: readonly JsonPathPart[] };

/** A template as it was parsed. */
export type JsonPath = readonly JsonPathPart[];

/** UTF-16 units of a template; it also bounds how deep filters can stand in each other. */
const templateLengthMax = 4096;
const nestingMax = 20;

const operators: readonly ComparisonOperator[] = ['==', '!=', '<=', '>=', '<', '>'];

/**
 * Parses a template of the JSONPath dialect of kubectl (k8s.io/client-go/util/jsonpath), e.g. `{$.data[0].value}`,
 * `{.items[?(@.name=="x")].value}`, `{range .items[*]}{.value}{end}`. Paths stand in braces, begin at the document
 * whether `$` or `@` is written or not, and a backslash in a name takes the meaning from the next character. Text
 * outside of the braces would only ever be in the way of a result, so that it is refused.
 */
export function parseJsonPath(template: string): Result<JsonPath, string> {
  if (template.length > templateLengthMax) return fail(`it must have at most ${templateLengthMax} characters`);
  try {
    return succeed(new TemplateReader(template).read());
  } catch (error) {
    if (error instanceof PathSyntaxError) return fail(error.message);
    throw error;
  }
}

class PathSyntaxError extends Error {}

/** What ends the steps that are being read: a brace, or the operator or parenthesis of a filter. */
type Place = 'action' | 'left' | 'right';

const nameEnds = ' \t\r\n.,[]$@{}';

class TemplateReader {
  readonly #text: string;
  #at = 0;
  #nesting = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): JsonPath {
    const parts = this.#parts(false);
    if (parts.length === 0) return this.#refuse('it is empty; write a path in braces, such as "{$.value}"');
    return parts;
  }

  #parts(isInRange: boolean): JsonPathPart[] {
    const parts: JsonPathPart[] = [];
    for (;;) {
      this.#skipOutside();
      if (this.#at >= this.#text.length) {
        return isInRange ? this.#refuse('"{range}" needs an "{end}"') : parts;
      }
      this.#at += 1;
      const word = this.#keyword();
      if (word === 'end') {
        this.#expect('}');
        return isInRange ? parts : this.#refuse('"{end}" without "{range}" before it');
      }
      const path = this.#path('action');
      this.#expect('}');
      if (word === 'range') parts.push(this.#range(path));
      else if (path.length > 0 || this.#isWhole()) parts.push({ kind: 'path', path });
    }
  }

  #range(path: Path): JsonPathPart {
    return { kind: 'range', path, body: this.#nested(() => this.#parts(true)) };
  }

  /** The braces were empty but for `$` or `@`, which stand for the whole. */
  #isWhole(): boolean {
    const opening = this.#text.lastIndexOf('{', this.#at - 1);
    return /[$@.]/.test(this.#text.slice(opening, this.#at)) || this.#refuse('there is no path in the braces');
  }

  #skipOutside(): void {
    const end = this.#text.indexOf('{', this.#at);
    const outside = this.#text.slice(this.#at, end < 0 ? undefined : end);
    if (outside.trim() !== '') {
      this.#refuse(
        `the text ${JSON.stringify(outside.trim())} stands outside of braces; write the path in them, ` +
          'such as "{$.value}"',
      );
    }
    this.#at = end < 0 ? this.#text.length : end;
  }

  #keyword(): 'range' | 'end' | undefined {
    const found = /^[ \t]*(range|end)(?![\w.])/.exec(this.#text.slice(this.#at));
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found[1] === 'range' ? 'range' : 'end';
  }

  #path(place: Place): Path {
    const steps: PathStep[] = [];
    while (!this.#isAtEnd(place)) steps.push(...this.#steps(place, steps.at(-1)));
    return steps;
  }

  #isAtEnd(place: Place): boolean {
    const next = this.#peek();
    if (next === '' || next === '\n' || next === '\r') return this.#refuse('a brace or bracket is not closed');
    if (place === 'action') return next === '}';
    return next === ')' || (place === 'left' && '!<>='.includes(next));
  }

  /** The next step; none for signs that stand for the value that is there already. */
  #steps(place: Place, previous: PathStep | undefined): readonly PathStep[] {
    const next = this.#peek();
    if (next === ' ' || next === '\t' || next === '$' || next === '@') {
      this.#at += 1;
      return [];
    }
    if (this.#text.startsWith('..', this.#at)) return this.#descendants(place, previous);
    if (next === '.') {
      this.#at += 1;
      return this.#named(this.#name(place));
    }
    if (next === '[') return [this.#bracket()];
    if (next === '"' || next === "'") return [{ kind: 'text', text: this.#quoted() }];
    if (/[-+\d]/.test(next)) return [{ kind: 'number', number: this.#number() }];
    return [this.#word(place)];
  }

  #descendants(place: Place, previous: PathStep | undefined): readonly PathStep[] {
    if (previous?.kind === 'descendants') this.#refuse('".." cannot follow ".."');
    this.#at += 2;
    return [{ kind: 'descendants' }, ...(/\w/.test(this.#peek()) ? this.#named(this.#name(place)) : [])];
  }

  #named(name: string): readonly PathStep[] {
    if (name === '') return [];
    return [name === '*' ? { kind: 'members' } : { kind: 'field', name: name.replaceAll(/\\(.?)/gs, '$1') }];
  }

  #word(place: Place): PathStep {
    const word = this.#name(place);
    if (word === 'true' || word === 'false') return { kind: 'boolean', value: word === 'true' };
    if (word === '') return this.#refuse(`"${this.#peek()}" has no meaning here`);
    return this.#refuse(`"${word}" is not known; a field is written with a dot before it, as ".${word}"`);
  }

  /** As far as a name goes, with the backslashes in it. */
  #name(place: Place): string {
    const ends = place === 'action' ? nameEnds : `${nameEnds}()!<>=`;
    const start = this.#at;
    while (this.#at < this.#text.length && !ends.includes(this.#peek())) this.#at += this.#peek() === '\\' ? 2 : 1;
    return this.#text.slice(start, this.#at);
  }

  #number(): number {
    const [text] = /^[-+]?[\d.]*/.exec(this.#text.slice(this.#at)) ?? [''];
    this.#at += text.length;
    const isNumber = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text);
    return isNumber ? Number(text) : this.#refuse(`"${text}" is not a number`);
  }

  #quoted(): string {
    const [text, double, single] =
      /^(?:"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)')/.exec(this.#text.slice(this.#at)) ?? [];
    if (text === undefined) return this.#refuse('a quote is not closed');
    this.#at += text.length;
    return (double ?? single ?? '').replaceAll(/\\(.)/g, (_, sign: string) => escapes.get(sign) ?? sign);
  }

  #bracket(): PathStep {
    this.#at += 1;
    if (this.#text.startsWith('?(', this.#at)) return this.#nested(() => this.#filter());
    const steps: PathStep[] = [];
    do steps.push(this.#element());
    while (this.#skip(','));
    this.#expect(']');
    const [only] = steps;
    return steps.length === 1 && only !== undefined ? only : { kind: 'union', steps };
  }

  #element(): PathStep {
    this.#skipBlanks();
    const next = this.#peek();
    if (next === '"' || next === "'") return { kind: 'field', name: this.#quoted() };
    return this.#skip('*') ? { kind: 'slice' } : this.#numbers();
  }

  /** An index, or a range such as `1:3` or `::2`. */
  #numbers(): PathStep {
    const found = /^(-?\d*)(?:(:)(-?\d*)(?::(-?\d*))?)?/.exec(this.#text.slice(this.#at));
    const [text = '', start = '', colon, end = '', step = ''] = found ?? [];
    if (text === '') return this.#refuse('brackets hold a number, a range such as "1:3", "*", or a name in quotes');
    this.#at += text.length;
    if (colon === undefined) return { kind: 'index', index: this.#whole(start) };
    return {
      kind: 'slice',
      ...(start === '' ? {} : { start: this.#whole(start) }),
      ...(end === '' ? {} : { end: this.#whole(end) }),
      ...(step === '' ? {} : { step: this.#step(step) }),
    };
  }

  #step(text: string): number {
    const step = this.#whole(text);
    return step > 0 ? step : this.#refuse('the step of a range must be more than 0');
  }

  #whole(text: string): number {
    const number = Number(text);
    const isWhole = Number.isSafeInteger(number) && text !== '';
    return isWhole ? number : this.#refuse(`"${text}" is no whole number that can be counted to`);
  }

  #filter(): PathStep {
    this.#at += 2;
    const left = this.#path('left');
    const operator = operators.find((sign) => this.#text.startsWith(sign, this.#at));
    if (operator === undefined && this.#peek() !== ')') {
      return this.#refuse(`filters compare with one of ${operators.join(' ')}`);
    }
    this.#at += operator?.length ?? 0;
    if (operator !== undefined && /[!<>=~]/.test(this.#peek())) {
      return this.#refuse(`filters compare with one of ${operators.join(' ')}`);
    }
    const right = operator === undefined ? [] : this.#path('right');
    this.#expect(')');
    this.#expect(']');
    return operator === undefined ? { kind: 'exists', path: left } : { kind: 'filter', left, operator, right };
  }

  #nested<T>(read: () => T): T {
    this.#nesting += 1;
    if (this.#nesting > nestingMax) this.#refuse('filters and ranges stand too deep in each other');
    const value = read();
    this.#nesting -= 1;
    return value;
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #skipBlanks(): void {
    while (this.#peek() === ' ' || this.#peek() === '\t') this.#at += 1;
  }

  #skip(sign: string): boolean {
    this.#skipBlanks();
    if (this.#peek() !== sign) return false;
    this.#at += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#skip(sign)) this.#refuse(`"${sign}" is missing before "${this.#text.slice(this.#at, this.#at + 10)}"`);
  }

  #refuse(detail: string): never {
    throw new PathSyntaxError(detail);
  }
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
]);
