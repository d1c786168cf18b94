import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { experimentHeader, experimentRow } from '../show/experiment-table.ts';
import { experimentTree } from '../show/experiment-tree.ts';
import { addGetObjects } from './get-objects.ts';

/** `get experiments`: a table of Experiments; with a name, everything about one. */
export function addGetExperiments(get: Command, context: CliContext): void {
  addGetObjects(get, context, {
    kind: 'experiment',
    title: 'Experiment',
    alias: 'exp',
    example: 'web-6c5-2-1',
    header: experimentHeader,
    row: experimentRow,
    tree: experimentTree,
  });
}
