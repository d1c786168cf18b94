import type { Command } from 'commander';

import type { CliContext } from '../context.ts';

const examples = `
Examples:
  sluice version`;

/** `version`: prints the version of Sluice. */
export function addVersion(program: Command, context: CliContext): void {
  program
    .command('version')
    .description('Print the version')
    .addHelpText('after', examples)
    .action(() => context.stdout.write(`sluice ${context.version}\n`));
}
