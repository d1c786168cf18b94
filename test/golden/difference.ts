import { isDeepStrictEqual } from 'node:util';

/**
 * A way in which ours differs from the recorded reference on purpose. It says for which inputs, never for which case,
 * and which fields of the answer may differ; everything else must still be equal.
 */
export interface Difference<Input, Expected> {
  readonly name: string;
  readonly reason: string;
  /** Paths of fields such as `pass.scaled`; a path covers everything below it. */
  readonly fields: readonly string[];
  applies(input: Input, expected: Expected): boolean;
}

/** The differing fields that no difference allows, and the names of the differences that were needed. */
export function compareGolden<Input, Expected extends object>(
  input: Input,
  expected: Expected,
  actual: Expected,
  differences: readonly Difference<Input, Expected>[],
): { readonly unexplained: readonly string[]; readonly used: readonly string[] } {
  const paths = differingPaths(expected, actual, '');
  const applying = paths.length === 0 ? [] : differences.filter((difference) => difference.applies(input, expected));
  const covers = ({ fields }: Difference<Input, Expected>, path: string): boolean =>
    fields.some((field) => path === field || path.startsWith(`${field}.`));
  return {
    unexplained: paths.filter((path) => !applying.some((difference) => covers(difference, path))),
    used: applying
      .filter((difference) => paths.some((path) => covers(difference, path)))
      .map(({ name }) => name),
  };
}

function differingPaths(expected: unknown, actual: unknown, path: string): readonly string[] {
  if (isDeepStrictEqual(expected, actual)) return [];
  if (!isRecord(expected) || !isRecord(actual)) return [path];
  const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...keys].flatMap((key) => differingPaths(expected[key], actual[key], path === '' ? key : `${path}.${key}`));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
