import { Fault } from './expression-error.ts';

/** Bounds that make every expression end soon and stay small, whoever wrote it. */
export interface ExpressionLimits {
  /** UTF-16 units of the text. */
  readonly sourceLengthMax: number;
  /** Nodes of the syntax tree. */
  readonly nodeCountMax: number;
  /** Nesting, of the text and of the values that are walked through. */
  readonly depthMax: number;
  /** Units of work: one per evaluated node, and one per element or 32 characters that a function looks at. */
  readonly stepCountMax: number;
  /** Elements of all lists and maps that are made. The reference dialect has the same bound. */
  readonly elementCountMax: number;
  /** UTF-16 units of one text that is made. */
  readonly textLengthMax: number;
  /** UTF-16 units of all texts that are made. */
  readonly textLengthTotalMax: number;
}

/** The bounds that hold unless others are given. */
export const expressionLimits: ExpressionLimits = {
  sourceLengthMax: 16_384,
  nodeCountMax: 10_000,
  depthMax: 250,
  stepCountMax: 5_000_000,
  elementCountMax: 1_000_000,
  textLengthMax: 1_048_576,
  textLengthTotalMax: 16_777_216,
};

/** Counts what one evaluation uses, and throws a `limit` fault when it uses too much. */
export class Budget {
  readonly limits: ExpressionLimits;
  #steps = 0;
  #elements = 0;
  #text = 0;

  constructor(limits: ExpressionLimits) {
    this.limits = limits;
  }

  /** Work that is about to be done. */
  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > this.limits.stepCountMax) {
      throw new Fault('limit', `needs more than ${this.limits.stepCountMax} steps`);
    }
  }

  /** Work of a function that reads a text of this length. */
  read(text: string): void {
    this.step(1 + (text.length >>> 5));
  }

  /** Elements that are about to be made. Making them is work too. */
  grow(count: number): void {
    this.step(count);
    this.#elements += count;
    if (this.#elements >= this.limits.elementCountMax) {
      throw new Fault('limit', `makes lists of ${this.limits.elementCountMax} elements or more`);
    }
  }

  /** A text that is about to be made, or has just been. */
  growText(length: number): void {
    this.step(1 + (length >>> 5));
    this.#text += length;
    if (length > this.limits.textLengthMax || this.#text > this.limits.textLengthTotalMax) {
      throw new Fault('limit', `makes texts of more than ${this.limits.textLengthMax} characters`);
    }
  }

  /** Nesting of a value that is being walked through. */
  depth(depth: number): void {
    if (depth > this.limits.depthMax) {
      throw new Fault('limit', `the data is nested deeper than ${this.limits.depthMax} levels`);
    }
  }
}
