import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { countOption } from '../duration-option.ts';
import { giveCommand } from '../give-command.ts';
import { objectName } from '../object-name.ts';
import { openSession } from '../session.ts';

const examples = `
Examples:
  sluice undo web                          the template of the revision before
  sluice undo web --to-revision 3          of a certain revision`;

/** `undo`: makes a revision with the template of an earlier one. */
export function addUndo(program: Command, context: CliContext): void {
  program
    .command('undo')
    .argument('<name>', 'the Rollout')
    .description('Go back to the pod template of an earlier revision')
    .option('--to-revision <number>', 'the revision; the one before when 0', countOption(2 ** 31 - 1), 0)
    .addHelpText('after', examples)
    .action(async (name: string, { toRevision }: { readonly toRevision: number }, self: Command) => {
      const session = await openSession(self, context);
      await giveCommand(session, objectName(name, 'rollout'), 'undo', { toRevision });
    });
}
