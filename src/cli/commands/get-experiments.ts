import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { experimentHeader, experimentRow } from '../show/experiment-table.ts';
import { addGetObjects } from './get-objects.ts';

/** `get experiments`: a table of Experiments, or one of them. */
export function addGetExperiments(get: Command, context: CliContext): void {
  addGetObjects(get, context, {
    kind: 'experiment',
    title: 'Experiment',
    alias: 'exp',
    example: 'web-6c5-2-1',
    header: experimentHeader,
    row: experimentRow,
  });
}
