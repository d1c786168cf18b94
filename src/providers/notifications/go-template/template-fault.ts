/** What is wrong with a template, and where in its text (line and column count from 1). */
export interface TemplateProblem {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** Ends the reading or the rendering of a template. Never leaves this folder. */
export class TemplateFault extends Error {
  override readonly name = 'TemplateFault';
  /** Position in the text in UTF-16 units. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Where a fault is in the text it was found in. Anything but a fault is thrown again: it is a bug. */
export function problemOf(thrown: unknown, source: string): TemplateProblem {
  if (!(thrown instanceof TemplateFault)) throw thrown;
  const before = source.slice(0, thrown.offset);
  return {
    message: thrown.message,
    line: before.split('\n').length,
    column: before.length - before.lastIndexOf('\n'),
  };
}
