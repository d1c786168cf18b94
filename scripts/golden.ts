/**
 * Checks recorded cases: `npm run golden -- FILE…`, or all that are stored under test/golden. Prints each difference,
 * and for cases that a deliberate difference explains its rule. Exit status 0: all pass; 1: some fail; 2: a file cannot
 * be read or has no known form.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

import { messageOf } from '../src/base/error.ts';
import { fail, type Result } from '../src/base/result.ts';
import { checkCase, readCases, type CheckedCase, type GoldenCaseOfForm } from '../test/golden/check-golden.ts';
import { storedFiles } from '../test/golden/stored-files.ts';

const valueTextMax = 400;

async function main(paths: readonly string[]): Promise<number> {
  const checked: CheckedCase[] = [];
  let unreadable = 0;
  for (const path of paths.length === 0 ? storedFiles() : paths) {
    const cases = readFile(path);
    if (!cases.ok) {
      console.error(`${shown(path)}: ${cases.error}`);
      unreadable += 1;
      continue;
    }
    console.log(`${shown(path)}: ${formNames(cases.value)}, ${cases.value.length} cases`);
    for (const one of cases.value) {
      const result = await checkCase(one);
      print(result);
      checked.push(result);
    }
  }
  printRules(checked);
  const failed = checked.filter(({ passed }) => !passed).length;
  console.log(`${checked.length - failed} passed, ${failed} failed`);
  if (unreadable > 0) return 2;
  return failed > 0 ? 1 : 0;
}

function readFile(path: string): Result<readonly GoldenCaseOfForm[], string> {
  try {
    return readCases(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    return fail(`cannot be read: ${messageOf(error)}`);
  }
}

function formNames(cases: readonly GoldenCaseOfForm[]): string {
  return [...new Set(cases.map(({ form }) => form.name))].join(', ');
}

function print({ name, mismatches, used, passed }: CheckedCase): void {
  if (!passed) {
    console.log(`  FAIL ${name}`);
    for (const { what, expected, ours } of mismatches) {
      console.log(`    ${what}\n      expected ${valueText(expected)}\n      ours     ${valueText(ours)}`);
    }
  }
  if (passed && used.length > 0) console.log(`  differs on purpose: ${name} (${used.join('; ')})`);
}

/** Each rule that a case needed, once, with its reason. */
function printRules(checked: readonly CheckedCase[]): void {
  const rules = new Map(
    checked.flatMap(({ form, used }) =>
      form.differences
        .filter(({ name }) => used.includes(name))
        .map((rule) => [`${form.name}: ${rule.name}`, rule.reason]),
    ),
  );
  if (rules.size > 0) console.log('\nDeliberate differences that were met:');
  for (const [name, reason] of rules) console.log(`  ${name}\n    ${reason}`);
  if (rules.size > 0) console.log('');
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '(absent)');
  return text.length > valueTextMax ? `${text.slice(0, valueTextMax)}…` : text;
}

function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}

process.exitCode = await main(process.argv.slice(2));
