import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { giveCommand } from '../give-command.ts';
import { giveRunCommand } from '../give-run-command.ts';
import { objectName } from '../object-name.ts';
import { openSession } from '../session.ts';

const rolloutExamples = `
Examples:
  sluice retry rollout web                 start the aborted update of a Rollout again`;

const experimentExamples = `
Examples:
  sluice retry experiment web-6c5-2-1      run an Experiment that has ended again`;

/** `retry`: an aborted update, or an Experiment that has ended. */
export function addRetry(program: Command, context: CliContext): void {
  const retry = program.command('retry').description('Start something again that was aborted or has failed');
  retry
    .command('rollout')
    .aliases(['rollouts', 'ro'])
    .argument('<names...>', 'the Rollouts')
    .description('Start the aborted update of a Rollout again')
    .addHelpText('after', rolloutExamples)
    .action(async (names: readonly string[], _: object, self: Command) => {
      const session = await openSession(self, context);
      for (const name of names) await giveCommand(session, objectName(name, 'rollout'), 'retry');
    });
  retry
    .command('experiment')
    .aliases(['experiments', 'exp'])
    .argument('<names...>', 'the Experiments')
    .description('Run an Experiment that has ended again')
    .addHelpText('after', experimentExamples)
    .action(async (names: readonly string[], _: object, self: Command) => {
      const session = await openSession(self, context);
      for (const name of names) await giveRunCommand(session, 'experiment', name, 'retry');
    });
}
