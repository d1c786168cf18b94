import type { JudgeSettings } from '../../analysis/judge/judge-settings.ts';
import { initialJudgeState, type JudgeState, type KindState } from '../../analysis/judge/judge-state.ts';
import { incrementProblem } from '../../analysis/judge/judge.ts';
import { carryKnowledge, type Knowledge } from '../../analysis/judge/knowledge.ts';
import { podFractions, retirePods, type PodBets } from '../../analysis/judge/pod-bets.ts';
import { initialSelfCheck } from '../../analysis/judge/self-check.ts';
import { initialWander } from '../../analysis/judge/wander.ts';
import { listOf, optionalRecord } from '../../api/json-access.ts';
import { fail, succeed, type Result } from '../../base/result.ts';

/** Steps of one unit of a stored log, and the lowest log that is stored. */
const logSteps = 200;
const logMin = -160;
/** The log of no capital. */
const none = -1e6;
const testNames = ['share', 'difference', 'ratio', 'pods'] as const;

/**
 * The judge's memory as short JSON. Each kind has a list of numbers, its log capitals in base64, and the bets on pods.
 * Evidence is rounded down, so that rounding adds none. Of the bets on pods so many are kept one by one, and the
 * capital of the others in one sum, which can only lose by it. What the check of stable with stable counts within one
 * observation is left out: it begins anew.
 */
export function packState(state: JudgeState, podsMax: number): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(state).map(([name, kind]) => [name, packKind(kind, podsMax)])),
  );
}

function packKind(
  { totals, looks, canaryAlone, rollback, pods, capital, promote, ...known }: KindState,
  podsMax: number,
): readonly unknown[] {
  const { canaryTotal, canaryBad, stableTotal, stableBad } = totals;
  const { free, retired, bets } = retirePods(pods, new Set(), podsMax);
  const [shareLooks = 0, ...share] = rollback.share;
  const [ratioLooks = 0, ...ratio] = rollback.ratio;
  const counts = [canaryTotal, canaryBad, stableTotal, stableBad, canaryAlone, shareLooks, ratioLooks];
  const capitals = testNames.map((name) => capital.logs[name]);
  return [
    [...counts, capital.moved, free, retired, looks, ...promote, ...knowledgeNumbers(known)].map(roundDown),
    packLogs([...share, ...rollback.difference, ...ratio, ...capitals]),
    Object.fromEntries(Object.entries(bets).map(([pod, logs]) => [pod, packLogs(logs)])),
  ];
}

/** State from what `packState` wrote; fails with a reason when it does not fit the settings. */
export function unpackState(settings: JudgeSettings, text: string): Result<JudgeState, string> {
  const stored = parseObject(text);
  if (stored === undefined) return fail('the stored evidence is not a JSON object');
  const states: [string, KindState][] = [];
  for (const [name, initial] of Object.entries(initialJudgeState(settings))) {
    const state = unpackKind(stored[name], initial);
    if (state === undefined || incrementProblem(state.totals, 'podSeconds') !== undefined)
      return fail(`the stored evidence of ${name} does not fit the configuration`);
    states.push([name, state]);
  }
  return succeed(Object.fromEntries(states));
}

/** An object in JSON; undefined when the text is none. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return optionalRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** What is known of the service in what `packState` wrote, for any settings; kinds without sound numbers are out. */
export function unpackKnowledge(text: string): Readonly<Record<string, Knowledge>> {
  const known: Record<string, Knowledge> = {};
  for (const [kind, stored] of Object.entries(parseObject(text) ?? {})) {
    const [listed] = listOf(stored);
    const numbers = finiteNumbers(listOf(listed).slice(-knowledgeLength), knowledgeLength);
    const own = numbers === undefined ? undefined : knowledgeOf(numberList(numbers));
    if (own !== undefined) known[kind] = own;
  }
  return known;
}

const knowledgeLength = 12;

function knowledgeNumbers(state: Knowledge): readonly number[] {
  const { check, wander } = carryKnowledge(state);
  const { weight, excess, bad, badExcess, isAdmitted, trials, ratioAlarms, shareAlarms, spread } = check;
  const counts = [weight, excess, bad, badExcess, isAdmitted ? 1 : 0, trials, ratioAlarms, shareAlarms];
  // Rounded up: too small a number would make a service calmer than it is.
  const variances = [wander.known, wander.knownMax].map((variance) => Math.ceil(variance * 10_000) / 10_000);
  return [...counts, spread.variance, spread.pods, ...variances];
}

function knowledgeOf(list: NumberList): Knowledge | undefined {
  const check = {
    ...initialSelfCheck,
    weight: list.next(),
    excess: list.next(),
    bad: list.next(),
    badExcess: list.next(),
    isAdmitted: list.next() === 1,
    trials: list.next(),
    ratioAlarms: list.next(),
    shareAlarms: list.next(),
    spread: { variance: list.next(), pods: list.next() },
  };
  const wander = { ...initialWander, known: list.next(), knownMax: list.next() };
  const { weight, bad, trials, ratioAlarms, shareAlarms, spread } = check;
  const counts = [weight, bad, ratioAlarms, shareAlarms, spread.variance, spread.pods, wander.known, wander.knownMax];
  return Math.min(...counts) < 0 || Math.max(ratioAlarms, shareAlarms) > trials ? undefined : { check, wander };
}

function unpackKind(value: unknown, initial: KindState): KindState | undefined {
  const [listed, text, stored] = listOf(value);
  const { share, difference, ratio } = initial.rollback;
  const logsLength = share.length + difference.length + ratio.length - 2 + testNames.length;
  const numbers = finiteNumbers(listed, 11 + initial.promote.length + knowledgeLength);
  const logs = unpackLogs(text, logsLength);
  const bets = unpackBets(stored);
  if (numbers === undefined || logs === undefined || bets === undefined) return undefined;
  return assembleKind(initial, numberList(numbers), numberList(logs), bets);
}

function assembleKind(
  { rollback, promote }: KindState,
  numbers: NumberList,
  logs: NumberList,
  bets: PodBets['bets'],
): KindState | undefined {
  const totals = {
    canaryTotal: numbers.next(),
    canaryBad: numbers.next(),
    stableTotal: numbers.next(),
    stableBad: numbers.next(),
  };
  const [canaryAlone, shareLooks, ratioLooks] = [numbers.next(), numbers.next(), numbers.next()];
  const [moved, free, retired] = [numbers.next(), numbers.next(), numbers.next()];
  const looks = numbers.next();
  const promoted = numbers.take(promote.length);
  const known = knowledgeOf(numbers);
  if (known === undefined || Math.min(canaryAlone, shareLooks, ratioLooks, moved, free, retired, looks) < 0)
    return undefined;
  const share = [shareLooks, ...logs.take(rollback.share.length - 1)];
  const difference = logs.take(rollback.difference.length);
  const ratio = [ratioLooks, ...logs.take(rollback.ratio.length - 1)];
  const capital = { logs: capitalOf(logs), moved };
  return {
    totals,
    looks,
    canaryAlone,
    rollback: { share, difference, ratio },
    capital,
    promote: promoted,
    pods: { free, retired, bets },
    ...known,
  };
}

/** Numbers that are read one after the other. */
type NumberList = ReturnType<typeof numberList>;

function numberList(numbers: readonly number[]) {
  let at = 0;
  const take = (count: number): readonly number[] => {
    at += count;
    return numbers.slice(at - count, at);
  };
  return { take, next: (): number => take(1)[0] ?? 0 };
}

function capitalOf(list: NumberList): KindState['capital']['logs'] {
  const next = (): number => {
    const log = list.next();
    return log <= logMin ? none : log;
  };
  return { share: next(), difference: next(), ratio: next(), pods: next() };
}

function unpackBets(value: unknown): PodBets['bets'] | undefined {
  const record = optionalRecord(value);
  if (record === undefined) return undefined;
  const bets: Record<string, readonly number[]> = {};
  for (const [pod, text] of Object.entries(record)) {
    const logs = unpackLogs(text, podFractions.length);
    if (logs === undefined) return undefined;
    bets[pod] = logs;
  }
  return bets;
}

/** Four decimals, rounded down; what is rounded already stays. */
export function roundDown(value: number): number {
  return Math.floor(value * 10_000 + 1e-6) / 10_000;
}

/** Two bytes for each log, in base64. The lowest number stands for everything below, which no sum notices. */
function packLogs(logs: readonly number[]): string {
  const bytes = Buffer.alloc(2 * logs.length);
  logs.forEach((log, at) => {
    const steps = Math.floor(log * logSteps + 1e-6);
    bytes.writeInt16LE(Math.max(logMin * logSteps, Math.min(-logMin * logSteps, steps)), 2 * at);
  });
  return bytes.toString('base64');
}

function unpackLogs(value: unknown, length: number): readonly number[] | undefined {
  if (typeof value !== 'string') return undefined;
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length !== 2 * length) return undefined;
  return Array.from({ length }, (_, at) => bytes.readInt16LE(2 * at) / logSteps);
}

function finiteNumbers(value: unknown, length: number): readonly number[] | undefined {
  const numbers = listOf(value).filter((one): one is number => typeof one === 'number' && Number.isFinite(one));
  return Array.isArray(value) && numbers.length === length && value.length === length ? numbers : undefined;
}
