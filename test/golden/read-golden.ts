import { readFileSync } from 'node:fs';

/** One recorded case: what went in and what was seen. */
export interface GoldenCase<Input, Expected> {
  readonly name: string;
  readonly input: Input;
  readonly expected: Expected;
}

/** Reads the cases of a golden file beside this module. The caller names the shape; the file is our own data. */
export function readGolden<Input, Expected>(fileName: string): readonly GoldenCase<Input, Expected>[] {
  const text = readFileSync(new URL(fileName, import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly cases: readonly GoldenCase<Input, Expected>[] }).cases;
}
