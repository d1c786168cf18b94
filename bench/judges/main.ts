import { spawnSync } from 'node:child_process';
import { cpuUsage } from 'node:process';
import { parseArgs } from 'node:util';

import { extendJob, type JudgeChoice } from './compute.ts';
import { jobs, type Job } from './plan.ts';
import { describeLines, writeReport } from './report.ts';
import { emptyResults, judgeSource, loadResults, saveResults, type Results } from './results.ts';

/**
 * `npm run bench:judges [-- --short] [--runs 4000] [--minutes 60] [--cells text] [--judges baselines]`: plays what is
 * missing and writes the report. It may be stopped at any time and goes on where it was; all cells get a few runs
 * before any gets many.
 */
const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    runs: { type: 'string', default: '4000' },
    minutes: { type: 'string', default: 'Infinity' },
    cells: { type: 'string', default: '' },
    judges: { type: 'string', default: 'all' },
  },
});

/** Runs of each cell with `--short`: enough to see that everything works, in two minutes on one processor. */
const shortRuns = 25;

interface Order {
  readonly jobs: readonly Job[];
  /** Runs that all cells have before any gets more. */
  readonly targets: readonly number[];
  readonly minutes: number;
  readonly choice: JudgeChoice;
}

function readOrder(): Order {
  const runs = values.short ? shortRuns : Number(values.runs);
  const minutes = Number(values.minutes);
  const chosen = jobs.filter(({ id }) => id.includes(values.cells));
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs ${values.runs}: give a number of runs, such as 4000`);
  if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: give minutes, such as 60`);
  if (chosen.length === 0) throw new Error(`--cells ${values.cells}: no cell has this in its name`);
  if (!isChoice(values.judges)) throw new Error(`--judges ${values.judges}: give all, baselines or sluice`);
  const targets = values.short ? [runs] : [250, 1000, runs].filter((target, index) => index === 2 || target < runs);
  return { jobs: chosen, targets, minutes, choice: values.judges };
}

function main(): void {
  const order = readOrder();
  const end = performance.now() + order.minutes * 60_000;
  let results = values.short ? emptyResults : loadResults();
  const due = order.targets.flatMap((target) => order.jobs.map((job) => ({ target, job })));
  for (const { target, job } of due) {
    if (performance.now() > end) {
      console.log('The time is up; the next call goes on from here.');
      break;
    }
    results = extend(results, job, target, order.choice);
  }
  if (values.short) console.log(describeLines(results));
  else writeReport(results);
}

function extend(results: Results, job: Job, target: number, choice: JudgeChoice): Results {
  const before = cpuUsage();
  const extended = extendJob(results, job, { runs: target, source: judgeSource(), choice });
  if (extended === undefined) return results;
  const used = cpuUsage(before);
  const hours = results.hours + (used.user + used.system) / 3.6e9;
  const next = { ...extended, hours: Number(hours.toFixed(4)), commit: currentCommit() };
  console.log(`${job.id}: ${target} runs, ${((used.user + used.system) / 1e6).toFixed(1)} s`);
  if (!values.short) saveResults(next);
  return next;
}

function isChoice(text: string): text is JudgeChoice {
  return text === 'all' || text === 'baselines' || text === 'sluice';
}

/** A copy of the sources without their history can be measured too; the report then says so. */
function currentCommit(): string {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : 'unknown (no Git checkout)';
}

main();
