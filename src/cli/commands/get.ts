import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { addGetAnalysisRuns } from './get-analysis-runs.ts';
import { addGetExperiments } from './get-experiments.ts';
import { addGetRollouts } from './get-rollouts.ts';

/** `get`: shows objects. */
export function addGet(program: Command, context: CliContext): void {
  const get = program.command('get').alias('list').description('Show Rollouts, Experiments and AnalysisRuns');
  addGetRollouts(get, context);
  addGetExperiments(get, context);
  addGetAnalysisRuns(get, context);
}
