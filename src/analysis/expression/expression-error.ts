/**
 * What went wrong with an expression.
 *
 * - `syntax`: the text is not an expression.
 * - `name`: it uses a name that is not known, or declares one that is taken.
 * - `type`: it combines values that can never fit, whatever the data is.
 * - `evaluation`: it failed on this data.
 * - `limit`: it is too long, too deep or too expensive.
 */
export type ExpressionErrorKind = 'syntax' | 'name' | 'type' | 'evaluation' | 'limit';

/** A place in the text: offset counts UTF-16 units from 0, line and column count from 1, columns in code points. */
export interface ExpressionPosition {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** The only error that parsing and evaluating give. The message does not contain the position. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  readonly kind: ExpressionErrorKind;
  readonly position: ExpressionPosition;

  constructor(kind: ExpressionErrorKind, message: string, position: ExpressionPosition) {
    super(message);
    this.kind = kind;
    this.position = position;
  }
}

/**
 * Thrown inside this folder only, and turned into an ExpressionError at its border. Without an offset the border takes
 * the place that was being evaluated.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly kind: ExpressionErrorKind;
  readonly offset: number | undefined;

  constructor(kind: ExpressionErrorKind, message: string, offset?: number) {
    super(message);
    this.kind = kind;
    this.offset = offset;
  }
}

/** Throws a failure on this data. */
export function failEvaluation(message: string): never {
  throw new Fault('evaluation', message);
}

/** Turns a fault into the error that leaves this folder. Anything else is a bug and goes on as it is. */
export function expressionErrorOf(thrown: unknown, source: string, offsetDefault: number): ExpressionError {
  if (!(thrown instanceof Fault)) throw thrown;
  return new ExpressionError(thrown.kind, thrown.message, positionOf(source, thrown.offset ?? offsetDefault));
}

function positionOf(source: string, offset: number): ExpressionPosition {
  const before = source.slice(0, offset).split('\n');
  return { offset, line: before.length, column: Array.from(before.at(-1) ?? '').length + 1 };
}
