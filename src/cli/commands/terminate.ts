import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { giveRunCommand } from '../give-run-command.ts';
import { openSession } from '../session.ts';

const kinds = [
  { kind: 'analysisrun', alias: 'ar', title: 'AnalysisRun', example: 'web-6c5-2-1' },
  { kind: 'experiment', alias: 'exp', title: 'Experiment', example: 'web-6c5-2-1' },
] as const;

/** `terminate`: ends an AnalysisRun or an Experiment before its time. */
export function addTerminate(program: Command, context: CliContext): void {
  const terminate = program.command('terminate').description('End an AnalysisRun or an Experiment');
  for (const { kind, alias, title, example } of kinds) {
    terminate
      .command(kind)
      .aliases([`${kind}s`, alias])
      .argument('<names...>', `the ${title}s`)
      .description(`End an ${title}; what it has shown until now counts`)
      .addHelpText('after', `\nExamples:\n  sluice terminate ${kind} ${example} -n shop`)
      .action(async (names: readonly string[], _: object, self: Command) => {
        const session = await openSession(self, context);
        for (const name of names) await giveRunCommand(session, kind, name, 'terminate');
      });
  }
}
