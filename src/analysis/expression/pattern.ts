import { RE2JS } from 're2js';

import type { Budget } from './budget.ts';
import { Fault } from './expression-error.ts';

/** Longer patterns are refused: the cost of a match grows with pattern times text. */
const patternLengthMax = 1_000;
/** Bound of the sum of all `{n}`, which decides what compiling costs. */
const repeatCountMax = 3_000;
/** Bound of the compiled size in instructions. */
const programSizeMax = 10_000;
const compiledCountMax = 64;

/** Compiled patterns of one expression, so that a predicate does not compile anew for each element. */
export class PatternCache {
  readonly #compiled = new Map<string, RE2JS>();

  /** Throws a Fault unless the text is a regular expression in RE2 syntax of bounded cost. */
  check(pattern: string, offset: number): void {
    this.#compile(pattern, offset);
  }

  /** True when the pattern matches anywhere in the text, in time linear in the text. */
  matches(pattern: string, text: string, budget: Budget): boolean {
    const isNew = !this.#compiled.has(pattern);
    const compiled = this.#compile(pattern, undefined);
    // Compiling takes about as long as this many steps.
    if (isNew) budget.step(1_000 + 40 * compiled.programSize());
    budget.step(1 + Math.ceil((text.length * compiled.programSize()) / 32));
    return compiled.matcher(text).find();
  }

  #compile(pattern: string, offset: number | undefined): RE2JS {
    const known = this.#compiled.get(pattern);
    if (known !== undefined) return known;
    const compiled = compile(pattern, offset);
    if (this.#compiled.size >= compiledCountMax) this.#compiled.clear();
    this.#compiled.set(pattern, compiled);
    return compiled;
  }
}

function compile(pattern: string, offset: number | undefined): RE2JS {
  const repeats = Array.from(pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g), ([, least, most]) => Number(most || least));
  const repeatCount = repeats.reduce((sum, count) => sum + count, 0);
  if (pattern.length > patternLengthMax || repeatCount > repeatCountMax) throw tooLarge(offset);
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    // The engine says only by throwing that a pattern is not valid.
    const reason = error instanceof Error ? error.message : 'invalid';
    throw new Fault(offset === undefined ? 'evaluation' : 'type', `the pattern is not valid: ${reason}`, offset);
  }
  if (compiled.programSize() > programSizeMax) throw tooLarge(offset);
  return compiled;
}

function tooLarge(offset: number | undefined): Fault {
  return new Fault('limit', `the pattern is too large; ${patternLengthMax} characters are possible`, offset);
}
