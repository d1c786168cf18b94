import type { Command } from 'commander';

import { SluiceError } from '../../base/error.ts';
import type { CliContext } from '../context.ts';
import { countOption } from '../duration-option.ts';
import { giveCommand } from '../give-command.ts';
import { objectName } from '../object-name.ts';
import { openSession } from '../session.ts';

interface ApproveOptions {
  readonly step?: number;
  readonly reason?: string;
}

const examples = `
Examples:
  sluice approve web                       approve the step that web waits at
  sluice approve web --step 3              only when that is its third step
  sluice approve web --reason "looked at the error budget"`;

const stepsMax = 10_000;

/** `approve`: passes an approval step. */
export function addApprove(program: Command, context: CliContext): void {
  program
    .command('approve')
    .argument('<name>', 'the Rollout')
    .description('Approve the step of a Rollout that waits for it')
    .option('--step <number>', 'only this step, counted from 1; else the current one', countOption(stepsMax))
    .option('--reason <text>', 'why, for the record')
    .addHelpText('after', examples)
    .action(async (name: string, { step, reason }: ApproveOptions, self: Command) => {
      if (step === 0) throw new SluiceError('Usage', '--step: steps are counted from 1');
      const session = await openSession(self, context);
      const fields = {
        ...(step === undefined ? {} : { step: step - 1 }),
        ...(reason === undefined ? {} : { reason }),
      };
      await giveCommand(session, objectName(name, 'rollout'), 'approve', fields);
    });
}
