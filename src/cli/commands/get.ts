import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { addGetAnalysisRuns } from './get-analysis-runs.ts';
import { addGetRollouts } from './get-rollouts.ts';

/** `get`: shows objects. */
export function addGet(program: Command, context: CliContext): void {
  const get = program.command('get').description('Show Rollouts and AnalysisRuns');
  addGetRollouts(get, context);
  addGetAnalysisRuns(get, context);
}
