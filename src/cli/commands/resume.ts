import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { giveCommand } from '../give-command.ts';
import { objectName } from '../object-name.ts';
import { openSession } from '../session.ts';

const examples = `
Examples:
  sluice resume web                        goes on, but leaves no step as promote does`;

/** `resume`. */
export function addResume(program: Command, context: CliContext): void {
  program
    .command('resume')
    .argument('<names...>', 'the Rollouts')
    .description('End the pauses of a Rollout')
    .addHelpText('after', examples)
    .action(async (names: readonly string[], _: object, self: Command) => {
      const session = await openSession(self, context);
      for (const name of names) await giveCommand(session, objectName(name, 'rollout'), 'resume');
    });
}
