import type { CaseOutcome, Mismatch } from '../form.ts';
import { compareLife } from './compare-life.ts';
import { explainLife } from './differences-lives.ts';
import type { RecordedLife } from './life.ts';
import { replayLife } from './replay-life.ts';

/** Replays a recorded life and compares; differences that no rule explains are mismatches. */
export async function checkLife(life: RecordedLife): Promise<CaseOutcome> {
  const mismatches: Mismatch[] = [];
  const used = new Set<string>();
  for (const difference of compareLife(life, await replayLife(life))) {
    const rules = explainLife(difference, life);
    for (const rule of rules ?? []) used.add(rule);
    const [expected, ours] = [difference.recorded, difference.ours].map((values) => values.join(' | '));
    if (rules === undefined) mismatches.push({ what: difference.what, expected, ours });
  }
  return { mismatches, used: [...used] };
}
