import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { rolloutHeader, rolloutRow } from '../show/rollout-table.ts';
import { rolloutTree } from '../show/rollout-tree.ts';
import { addGetObjects } from './get-objects.ts';

/** `get rollouts`: a table of Rollouts; with a name, everything about one. */
export function addGetRollouts(get: Command, context: CliContext): void {
  addGetObjects(get, context, {
    kind: 'rollout',
    title: 'Rollout',
    alias: 'ro',
    example: 'web',
    header: rolloutHeader,
    row: rolloutRow,
    tree: rolloutTree,
  });
}
