import { messageOf } from '../../src/base/error.ts';
import { fail, succeed, type Result } from '../../src/base/result.ts';
import { isRecord, type CaseOutcome, type GoldenForm, type RawCase } from './form.ts';
import { formOf } from './forms.ts';

/** What came of one case. */
export interface CheckedCase extends CaseOutcome {
  readonly name: string;
  readonly form: GoldenForm;
  readonly passed: boolean;
}

/** A case whose form is known. */
export interface GoldenCaseOfForm {
  readonly name: string;
  readonly form: GoldenForm;
  readonly raw: RawCase;
}

/**
 * The cases of a file, each with its form, told by their content: an object with `cases`, a bare list of cases, or a
 * single case such as a recorded life. Fails with what is not understood.
 */
export function readCases(content: unknown): Result<readonly GoldenCaseOfForm[], string> {
  const listed = isRecord(content) && Array.isArray(content['cases']) ? content['cases'] : content;
  const raws: readonly unknown[] = Array.isArray(listed) ? listed : [listed];
  const cases: GoldenCaseOfForm[] = [];
  for (const [index, raw] of raws.entries()) {
    const name = nameOf(raw, index);
    const form = isRecord(raw) ? formOf(raw) : undefined;
    if (form === undefined || !isRecord(raw)) return fail(`the form of case ${index + 1} (${name}) is not known`);
    cases.push({ name, form, raw });
  }
  return cases.length === 0 ? fail('it has no cases') : succeed(cases);
}

/** Checks one case. An adapter that throws is a case that fails. */
export async function checkCase({ name, form, raw }: GoldenCaseOfForm): Promise<CheckedCase> {
  try {
    const outcome = await form.check(raw);
    return { name, form, ...outcome, passed: outcome.mismatches.length === 0 };
  } catch (error) {
    const mismatches = [{ what: 'the case', expected: 'an answer', ours: `throws: ${messageOf(error)}` }];
    return { name, form, mismatches, used: [], passed: false };
  }
}

function nameOf(raw: unknown, index: number): string {
  if (!isRecord(raw)) return `case ${index + 1}`;
  const { name, expression } = raw;
  return typeof name === 'string' ? name : typeof expression === 'string' ? expression : `case ${index + 1}`;
}
