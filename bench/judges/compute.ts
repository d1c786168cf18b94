import { calibrate, type Limits } from './calibration.ts';
import type { Judge } from './judge.ts';
import { sluiceNames } from './line-up.ts';
import type { Job } from './plan.ts';
import { playRun } from './play.ts';
import { judgeSource, type Entry, type Results } from './results.ts';
import { addOutcomes, emptyTally, type Tally } from './tally.ts';

/** Runs that are played at once; a cell is kept in whole batches. */
export const batchRuns = 250;

/** Cells that the tests compute again: their first runs are kept apart. */
export const recomputedCells: readonly string[] = [
  'reference/regressed, 200 rps .1 to .5 %',
  '1 bad: 200 rps, 10 % share, 0.1 % x 5',
  '10 bad: 200 rps, .1 %, clumps of 5, x 20',
];

/** Runs of those cells that are kept and computed again. */
export const headRuns = 100;

/** Which judges play. Ours is played anew when its sources change, the others are not. */
export type JudgeChoice = 'all' | 'baselines' | 'sluice';

export interface Extension {
  readonly runs: number;
  /** Digest of the sources of our judge. */
  readonly source: string;
  readonly choice: JudgeChoice;
}

/** Computes what is missing of a job up to so many runs. Answers with undefined when nothing is. */
export function extendJob(results: Results, job: Job, { runs, source, choice }: Extension): Results | undefined {
  const target = Math.min(runs, job.runsMax);
  const { results: calibrated, judges: all } = judgesOf(results, job);
  const judges = all.filter((judge) => choice === 'all' || isOurs(judge) === (choice === 'sluice'));
  let entries = calibrated.cells[job.id] ?? {};
  let isChanged = false;
  for (;;) {
    const behind = judges.filter((judge) => usable(entries[judge.name], sourceOf(judge, source)).runs < target);
    if (behind.length === 0) break;
    const from = Math.min(...behind.map((judge) => usable(entries[judge.name], sourceOf(judge, source)).runs));
    const due = behind.filter((judge) => usable(entries[judge.name], sourceOf(judge, source)).runs === from);
    entries = { ...entries, ...playBatch(entries, job, due, from, Math.min(from + batchRuns, target), source) };
    isChanged = true;
  }
  return isChanged ? { ...calibrated, cells: { ...calibrated.cells, [job.id]: entries } } : undefined;
}

/** Plays runs of a job for some judges, without keeping them. */
export function playTallies(job: Pick<Job, 'id' | 'scenario'>, judges: readonly Judge[], from: number, to: number) {
  const outcomes = Array.from({ length: to - from }, (_, index) => playRun(job.id, from + index, job.scenario, judges));
  return judges.map((_, index) => outcomes.flatMap((one) => one[index] ?? []));
}

function playBatch(
  entries: Readonly<Record<string, Entry>>,
  job: Job,
  judges: readonly Judge[],
  from: number,
  to: number,
  source: string,
): Readonly<Record<string, Entry>> {
  const played = playTallies(job, judges, from, to);
  return Object.fromEntries(
    judges.map((judge, index): [string, Entry] => {
      const outcomes = played[index] ?? [];
      const own = sourceOf(judge, source);
      const tally = addOutcomes(usable(entries[judge.name], own), outcomes);
      const isHead = from === 0 && recomputedCells.includes(job.id) && to >= headRuns;
      const head = isHead ? addOutcomes(emptyTally, outcomes.slice(0, headRuns)) : entries[judge.name]?.head;
      return [judge.name, { tally, source: own, ...(head === undefined ? {} : { head }) }];
    }),
  );
}

/** Judges of a job; calibrates thresholds first where they are not yet. */
function judgesOf(results: Results, job: Job): { readonly results: Results; readonly judges: readonly Judge[] } {
  const limits: Record<string, Limits> = { ...results.limits };
  const judges = job.judges((twin) => {
    limits[twin] ??= calibrate(twin);
    return limits[twin];
  });
  return { results: { ...results, limits }, judges };
}

function sourceOf(judge: Judge, source: string): string {
  if (isOurs(judge)) return source;
  const files = Object.entries(testFiles).find(([test]) => judge.name.startsWith(test))?.[1];
  return files === undefined ? baselineSource : judgeSource(files);
}

/** Sources of our tests that play alone, by the beginning of their names. */
const testFiles: Readonly<Record<string, readonly string[]>> = {
  RatioE: ['ratio-e.ts'],
  ShareBet: ['share-bet.ts', 'bet-on-mean.ts'],
};

/** What is kept as the source of baselines: they do not change with our judge. */
export const baselineSource = 'baseline';

function isOurs({ name }: Judge): boolean {
  return name.startsWith(sluiceNames.standard);
}

/** What can be added to: nothing of other sources. */
function usable(entry: Entry | undefined, source: string): Tally {
  return entry?.source === source ? entry.tally : emptyTally;
}
