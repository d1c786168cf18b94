/** A file of the project, with its path from the project's root. */
export interface ProjectFile {
  readonly path: string;
  readonly text: string;
}

/** A broken rule. */
export interface Violation {
  readonly path: string;
  /** From 1; absent when the whole file is meant. */
  readonly line?: number;
  readonly message: string;
}

/** `path:line: message`, which terminals and editors make a link of. */
export function describeViolation({ path, line, message }: Violation): string {
  return `${path}${line === undefined ? '' : `:${line}`}: ${message}`;
}

/** The line of an offset, from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
