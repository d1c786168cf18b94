import { numberOf, optionalRecord, textOf, type JsonRecord } from '../../api/json-access.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { RouterProblem, RouterSubject } from './contract.ts';
import type { PlanShares } from './plan-shares.ts';
import type { SplitWeights } from './read-shares.ts';

/** A list of Services with weights in a router object. */
export interface WeightedList {
  /** Object and field, for messages. */
  readonly subject: string;
  readonly entries: readonly JsonRecord[];
  /** Field of an entry that names its Service. */
  readonly nameField: string;
}

/** Checks a list: every entry names a Service, and both sides are there. */
export function weightedList(
  value: unknown,
  nameField: string,
  subject: string,
  { stableService, canaryService }: RouterSubject,
): Result<WeightedList, RouterProblem> {
  if (!Array.isArray(value)) return fail({ subject, message: 'it is no list of Services' });
  const entries: JsonRecord[] = [];
  for (const [index, item] of value.entries()) {
    const entry = optionalRecord(item);
    if (entry === undefined || textOf(entry[nameField]) === '') {
      return fail({ subject: `${subject}[${index}].${nameField}`, message: 'it names no Service' });
    }
    entries.push(entry);
  }
  if (stableService === canaryService) {
    return fail({ subject: 'strategy.canary', message: 'canaryService and stableService must be two Services' });
  }
  const missing = [canaryService, stableService].find(
    (service) => service === '' || !entries.some((entry) => entry[nameField] === service),
  );
  if (missing !== undefined) return fail({ subject, message: `the Service "${missing}" is not among them` });
  return succeed({ subject, entries, nameField });
}

/**
 * The weights of both sides; those of other Services are the user's own and do not count. `weightDefault` is what an
 * absent weight means to the router.
 */
export function listWeights(
  { subject, entries, nameField }: WeightedList,
  { stableService, canaryService }: RouterSubject,
  weightDefault: number,
): Result<SplitWeights, string> {
  let [canary, stable] = [0, 0];
  for (const [index, entry] of entries.entries()) {
    const name = entry[nameField];
    if (name !== canaryService && name !== stableService) continue;
    const { weight: value = weightDefault } = entry;
    const weight = numberOf(value);
    if (weight === undefined || !Number.isInteger(weight) || weight < 0) {
      return fail(`${subject}[${index}].weight: ${JSON.stringify(value)} is no whole number from 0`);
    }
    if (name === canaryService) canary += weight;
    else stable += weight;
  }
  return succeed({ subject, canary, stable, additional: {} });
}

/** The entries with the plan's weights. A side that stands there more than once gets 0 at the other places. */
export function withListWeights(
  { entries, nameField }: WeightedList,
  { stableService, canaryService }: RouterSubject,
  { canary, stable }: PlanShares,
): readonly JsonRecord[] {
  const open = new Map([
    [stableService, stable.weight],
    [canaryService, canary.weight],
  ]);
  const sides = new Set(open.keys());
  return entries.map((entry) => {
    const name = textOf(entry[nameField]);
    if (!sides.has(name)) return entry;
    const weight = open.get(name) ?? 0;
    open.delete(name);
    return { ...entry, weight };
  });
}
