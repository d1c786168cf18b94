import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { giveCommand } from '../give-command.ts';
import { objectName } from '../object-name.ts';
import { openSession } from '../session.ts';

const examples = `
Examples:
  sluice retry rollout web                 start the aborted update of a Rollout again`;

/** `retry rollout`. */
export function addRetry(program: Command, context: CliContext): void {
  program
    .command('retry')
    .description('Start something again that was aborted')
    .command('rollout')
    .aliases(['rollouts', 'ro'])
    .argument('<names...>', 'the Rollouts')
    .description('Start the aborted update of a Rollout again')
    .addHelpText('after', examples)
    .action(async (names: readonly string[], _: object, self: Command) => {
      const session = openSession(self, context);
      for (const name of names) await giveCommand(session, objectName(name, 'rollout'), 'retry');
    });
}
