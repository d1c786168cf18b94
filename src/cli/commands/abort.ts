import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { giveCommand } from '../give-command.ts';
import { objectName } from '../object-name.ts';
import { openSession } from '../session.ts';

const examples = `
Examples:
  sluice abort web -n shop                 end the update of a Rollout`;

/** `abort`. */
export function addAbort(program: Command, context: CliContext): void {
  program
    .command('abort')
    .argument('<names...>', 'the Rollouts')
    .description('Bring users back to the stable revision')
    .addHelpText('after', examples)
    .action(async (names: readonly string[], _: object, self: Command) => {
      const session = await openSession(self, context);
      for (const name of names) await giveCommand(session, objectName(name, 'rollout'), 'abort');
    });
}
