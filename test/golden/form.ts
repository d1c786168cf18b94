import { isDeepStrictEqual } from 'node:util';

import { compareGolden, type Difference } from './difference.ts';

/** One recorded case as a file holds it, before anybody knows its form. */
export type RawCase = Readonly<Record<string, unknown>>;

/** One place in which ours is not as recorded. */
export interface Mismatch {
  /** Path of the field, or the name of what is compared. */
  readonly what: string;
  readonly expected: unknown;
  readonly ours: unknown;
}

/** What came of one case: it passes when no mismatch is left that no rule explains. */
export interface CaseOutcome {
  readonly mismatches: readonly Mismatch[];
  /** Names of the difference rules that it needed. */
  readonly used: readonly string[];
}

/** A deliberate difference, as far as people read about it. */
export interface DifferenceRule {
  readonly name: string;
  /** What proves the reference wrong, and what ours does instead. */
  readonly reason: string;
}

/** One form of recorded cases: how it is told from others by its content, and how a case of it is checked. */
export interface GoldenForm {
  /** As the recorded file is called. */
  readonly name: string;
  /** What the cases are about, in one line. */
  readonly title: string;
  /** Recorded files beside this module. */
  readonly files: readonly string[];
  readonly differences: readonly DifferenceRule[];
  matches(raw: RawCase): boolean;
  /** Runs the case through the functions that the controller uses. May throw on input that has no sense. */
  check(raw: RawCase): CaseOutcome | Promise<CaseOutcome>;
}

/** A form whose cases have `input` and `expected`, where answers of one shape are compared. */
interface ComparedForm<Input, Expected extends object> {
  readonly name: string;
  readonly title: string;
  readonly files?: readonly string[];
  readonly differences: readonly Difference<Input, Expected>[];
  matches(input: RawCase, expected: RawCase): boolean;
  /** Fills in what a file may leave out. */
  read?(input: Input): Input;
  run(input: Input, expected: Expected): Expected;
  /** The recorded answer in the shape of ours; as it is when absent. */
  expect?(input: Input, recorded: unknown): Expected;
}

/** Makes a form of a pair of functions: one that runs a case and one that reads what is expected. */
export function comparedForm<Input, Expected extends object>(form: ComparedForm<Input, Expected>): GoldenForm {
  const { name, title, differences, files = [`${name}.json`] } = form;
  return {
    name,
    title,
    files,
    differences,
    matches: ({ input, expected }) => isRecord(input) && isRecord(expected) && form.matches(input, expected),
    check(raw) {
      // The form matched, so its files say what the parts are.
      const input = form.read?.(raw['input'] as Input) ?? (raw['input'] as Input);
      const expected = form.expect?.(input, raw['expected']) ?? (raw['expected'] as Expected);
      const { mismatches, used } = compareGolden(input, expected, form.run(input, expected), differences);
      return {
        mismatches: mismatches.map(({ path: what, expected: wanted, actual: ours }) => ({
          what,
          expected: wanted,
          ours,
        })),
        used,
      };
    },
  };
}

/** A mismatch of one value, or none. */
export function mismatch(what: string, expected: unknown, ours: unknown): readonly Mismatch[] {
  return isDeepStrictEqual(expected, ours) ? [] : [{ what, expected, ours }];
}

/** True for what JSON calls an object. */
export function isRecord(value: unknown): value is RawCase {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
