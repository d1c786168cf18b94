import { Option, type Command } from 'commander';

import { SluiceError } from '../../base/error.ts';
import type { CliContext } from '../context.ts';
import { giveCommand } from '../give-command.ts';
import { objectName } from '../object-name.ts';
import { openSession } from '../session.ts';

interface PromoteOptions {
  readonly full?: boolean;
  readonly skipCurrentStep?: boolean;
}

const examples = `
Examples:
  sluice promote web                       end the pause, or leave the current step
  sluice promote web --full                skip all steps, pauses and analyses`;

/** `promote`: lets an update go on. */
export function addPromote(program: Command, context: CliContext): void {
  program
    .command('promote')
    .argument('<name>', 'the Rollout')
    .description('Let the update of a Rollout go on')
    .option('--full', 'skip all steps, pauses and analyses')
    .addOption(new Option('-c, --skip-current-step', 'deprecated: promote does that').hideHelp())
    .addHelpText('after', examples)
    .action(async (name: string, options: PromoteOptions, self: Command) => {
      const session = await openSession(self, context);
      await giveCommand(session, objectName(name, 'rollout'), pathOf(options, context));
    });
}

function pathOf({ full = false, skipCurrentStep = false }: PromoteOptions, { stderr }: CliContext): string {
  if (full && skipCurrentStep) throw new SluiceError('Usage', 'give --full or --skip-current-step, not both');
  if (skipCurrentStep) {
    stderr.write('warning: --skip-current-step is deprecated; promote without it leaves the current step\n');
    return 'skip-current-step';
  }
  return full ? 'promote-full' : 'promote';
}
