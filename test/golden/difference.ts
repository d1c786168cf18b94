import { isDeepStrictEqual } from 'node:util';

/**
 * A way in which ours differs from the recorded reference on purpose. It says for which inputs, never for which case,
 * and which fields of the answer may differ; everything else must still be equal.
 */
export interface Difference<Input, Expected> {
  readonly name: string;
  readonly reason: string;
  /** Paths of fields such as `pass.scaled`; a path covers everything below it, and `*` stands for any part of it. */
  readonly fields: readonly string[];
  /** Which two values may stand there; absent means any. */
  readonly values?: (expected: unknown, actual: unknown) => boolean;
  applies(input: Input, expected: Expected): boolean;
}

/** The differing fields that no difference allows, and the names of the differences that were needed. */
export function compareGolden<Input, Expected extends object>(
  input: Input,
  expected: Expected,
  actual: Expected,
  differences: readonly Difference<Input, Expected>[],
): Comparison {
  const found = differencesBetween(expected, actual, '');
  const applying = found.length === 0 ? [] : differences.filter((difference) => difference.applies(input, expected));
  const mismatches = found.filter((one) => !applying.some((difference) => covers(difference, one)));
  return {
    unexplained: mismatches.map(({ path }) => path),
    mismatches,
    used: applying.filter((difference) => found.some((one) => covers(difference, one))).map(({ name }) => name),
  };
}

/** What a comparison found. */
export interface Comparison {
  /** Paths of the fields that differ and that no difference allows. */
  readonly unexplained: readonly string[];
  /** The same with both values. */
  readonly mismatches: readonly FieldDifference[];
  /** Names of the differences that were needed. */
  readonly used: readonly string[];
}

/** One field that differs. */
export interface FieldDifference {
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

function covers<Input, Expected>(
  { fields, values }: Difference<Input, Expected>,
  { path, expected, actual }: FieldDifference,
): boolean {
  const isCovered = fields.some((field) => pattern(field).test(path));
  return isCovered && (values === undefined || values(expected, actual));
}

function pattern(field: string): RegExp {
  const parts = field.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/gu, String.raw`\$&`));
  return new RegExp(`^${parts.join('.+')}(\\..*)?$`, 'u');
}

/** Lists of one length are compared item by item; of two lengths they differ as a whole. */
function differencesBetween(expected: unknown, actual: unknown, path: string): readonly FieldDifference[] {
  if (isDeepStrictEqual(expected, actual)) return [];
  const areLists = Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length;
  const [before, after] = areLists ? [byIndex(expected), byIndex(actual)] : [expected, actual];
  if (!isRecord(before) || !isRecord(after)) return [{ path, expected, actual }];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => differencesBetween(before[key], after[key], path === '' ? key : `${path}.${key}`));
}

function byIndex(list: readonly unknown[]): unknown {
  return Object.fromEntries(list.entries());
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
