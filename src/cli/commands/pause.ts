import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { giveCommand } from '../give-command.ts';
import { objectName } from '../object-name.ts';
import { openSession } from '../session.ts';

const examples = `
Examples:
  sluice pause web                         nothing goes on until resume or promote`;

/** `pause`. */
export function addPause(program: Command, context: CliContext): void {
  program
    .command('pause')
    .argument('<names...>', 'the Rollouts')
    .description('Hold the update of a Rollout')
    .addHelpText('after', examples)
    .action(async (names: readonly string[], _: object, self: Command) => {
      const session = await openSession(self, context);
      for (const name of names) await giveCommand(session, objectName(name, 'rollout'), 'pause');
    });
}
