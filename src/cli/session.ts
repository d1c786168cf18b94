import { Option, type Command } from 'commander';

import { findAccess, type AccessOptions } from './access.ts';
import { createApiClient, type ApiClient } from './api-client.ts';
import type { CliContext } from './context.ts';
import { painter, type Paint } from './show/style.ts';

/** Options of every command. */
export interface GlobalOptions extends AccessOptions {
  readonly namespace: string;
  readonly color: boolean;
}

/** What a command works with. */
export interface Session {
  readonly context: CliContext;
  readonly options: GlobalOptions;
  readonly client: ApiClient;
  readonly paint: Paint;
  /** Writes lines to standard output. */
  print(lines: readonly string[]): void;
}

/** Adds the options of every command. */
export function addGlobalOptions(program: Command): void {
  program
    .option('-n, --namespace <name>', 'namespace to look in', 'default')
    .option('--server <url>', 'address of the API (or SLUICE_SERVER)')
    .option('--token-file <file>', 'file with the token of the API (or SLUICE_TOKEN_FILE)')
    .option('--state <directory>', 'state directory of the Sluice that runs (or SLUICE_STATE)')
    .addOption(new Option('--no-color', 'without colours (also NO_COLOR)'));
}

/** Opens a session for a command that was called with options. Nothing is asked yet. */
export function openSession(command: Command, context: CliContext): Session {
  const options = command.optsWithGlobals<GlobalOptions>();
  return {
    context,
    options,
    client: createApiClient({
      findAccess: () => findAccess(options, context),
      clock: context.clock,
      signal: context.signal,
      onLost: (message) => context.stderr.write(`connection lost, trying again: ${message}\n`),
    }),
    paint: painter(hasColors(options, context)),
    print: (lines) => context.stdout.write(lines.map((line) => `${line}\n`).join('')),
  };
}

function hasColors({ color }: GlobalOptions, { env, stdout }: CliContext): boolean {
  if (!color || (env['NO_COLOR'] ?? '') !== '') return false;
  return (env['FORCE_COLOR'] ?? '') !== '' || (stdout.isTerminal && env['TERM'] !== 'dumb');
}
