import type { Command } from 'commander';

import { formatInstant } from '../../base/instant.ts';
import type { CliContext } from '../context.ts';
import { durationOption } from '../duration-option.ts';
import { giveCommand } from '../give-command.ts';
import { objectName } from '../object-name.ts';
import { openSession } from '../session.ts';

const examples = `
Examples:
  sluice restart web                       replace all pods now, as their budget allows
  sluice restart web --in 10m              in ten minutes`;

/** `restart`: replaces the pods of a Rollout. */
export function addRestart(program: Command, context: CliContext): void {
  program
    .command('restart')
    .argument('<names...>', 'the Rollouts')
    .description('Replace the pods of a Rollout')
    .option('-i, --in <duration>', 'how long from now, e.g. 30s or 10m', durationOption, 0)
    .addHelpText('after', examples)
    .action(async (names: readonly string[], options: { readonly in: number }, self: Command) => {
      const session = await openSession(self, context);
      const at = formatInstant(context.clock.now() + options.in);
      for (const name of names) await giveCommand(session, objectName(name, 'rollout'), 'restart', { at });
    });
}
