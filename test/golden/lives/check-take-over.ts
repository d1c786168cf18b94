import type { CaseOutcome, Mismatch } from '../form.ts';
import { compareLife, type LifeDifference } from './compare-life.ts';
import { explainLife } from './differences-lives.ts';
import { specOf } from './life-facts.ts';
import type { Replay } from './life-stage.ts';
import type { RecordedLife } from './life.ts';
import { takeOverLife } from './replay-life.ts';

/** What is compared: the way there is only ours from some time on, but where it leads is not. */
const comparedKinds: ReadonlySet<LifeDifference['kind']> = new Set(['play', 'created', 'status']);

/**
 * Stops a recorded life after its first `entries` entries, as if the reference had been taken away there, lets Sluice
 * go on, and compares with what was recorded: every object that is made, and the status wherever things have settled.
 */
export async function checkTakeOver(life: RecordedLife, entries: number): Promise<CaseOutcome> {
  return judgeTakeOver(life, entries, await takeOverLife(life, entries));
}

/** Compares what became of a life that was taken over after its first `entries` entries. */
export function judgeTakeOver(life: RecordedLife, entries: number, replay: Replay): CaseOutcome {
  const mismatches: Mismatch[] = [];
  const used = new Set<string>();
  const differences = compareLife(life, replay);
  for (const difference of differences.filter(({ kind }) => comparedKinds.has(kind))) {
    const rules = explainTakeOver(difference, life, entries) ?? explainLife(difference, life);
    for (const rule of rules ?? []) used.add(rule);
    const [expected, ours] = [difference.recorded, difference.ours].map((values) => values.join(' | '));
    if (rules === undefined) mismatches.push({ what: difference.what, expected, ours });
  }
  return { mismatches, used: [...used] };
}

/**
 * Every number of entries after which an object was written: the states in which the reference may have been stopped.
 */
export function takeOverPoints({ trace }: RecordedLife): readonly number[] {
  const notWritten = new Set(['Event', 'Pod', 'Action']);
  return trace.flatMap(({ kind }, index) => (notWritten.has(kind) ? [] : [index + 1]));
}

/**
 * Going back past the approval is for revisions that were promoted once. The reference leaves no mark on them, so one
 * that it had replaced before we came is asked about: it may as well have been an aborted preview.
 */
const unmarkedRule = 'what was promoted before we came is asked about again';

function explainTakeOver({ kind }: LifeDifference, life: RecordedLife, entries: number): readonly string[] | undefined {
  const isAsked = specOf(life)?.strategy?.blueGreen?.autoPromotionEnabled === false;
  const goesBack = life.actions.some(({ do: { as } }) => as === 'undo');
  const isReplaced = life.trace
    .slice(0, entries)
    .some((entry) => entry.kind === 'Rollout' && entry.change?.['status.stableRS'] !== undefined && entry.t > 0);
  return kind === 'play' && isAsked && goesBack && isReplaced ? [unmarkedRule] : undefined;
}
