import { resolve } from 'node:path';

import { Option, type Command } from 'commander';

import { SluiceError } from '../base/error.ts';
import { findAccess, type AccessOptions } from './access.ts';
import { createApiClient, type ApiClient } from './api-client.ts';
import type { CliContext } from './context.ts';
import type { ClusterChoice, ReachedApi } from './direct/reach-cluster.ts';
import { painter, type Paint } from './show/style.ts';

/** Options of every command. */
export interface GlobalOptions extends AccessOptions, ClusterChoice {
  readonly namespace: string;
  readonly color: boolean;
}

/** What a command works with that asks nobody. */
export interface Console {
  readonly context: CliContext;
  readonly options: GlobalOptions;
  readonly paint: Paint;
  /** Writes lines to standard output. */
  print(lines: readonly string[]): void;
}

/** What a command works with. */
export interface Session extends Console {
  readonly client: ApiClient;
}

/** Adds the options of every command. */
export function addGlobalOptions(program: Command): void {
  program
    .option('-n, --namespace <name>', 'namespace to look in', 'default')
    .option('--context <name>', 'talk to the cluster of this context of the kubeconfig')
    .option('--kubeconfig <file>', 'talk to the cluster of this kubeconfig')
    .option('--server <url>', 'address of the API (or SLUICE_SERVER)')
    .option('--token-file <file>', 'file with the token of the API (or SLUICE_TOKEN_FILE)')
    .option('--state <directory>', 'state directory of the Sluice that runs (or SLUICE_STATE)')
    .addOption(new Option('--no-color', 'without colours (also NO_COLOR)'));
}

/** Opens a console for a command that was called with options. */
export function openConsole(command: Command, context: CliContext): Console {
  const options = command.optsWithGlobals<GlobalOptions>();
  return {
    context,
    options,
    paint: painter(hasColors(options, context)),
    print: (lines) => context.stdout.write(lines.map((line) => `${line}\n`).join('')),
  };
}

/**
 * Opens a session for a command that was called with options: with the cluster of a kubeconfig when one was named, else
 * with a Sluice that runs. Nothing is asked yet. Rejects with Usage when the kubeconfig cannot be used.
 */
export async function openSession(command: Command, context: CliContext): Promise<Session> {
  const console = openConsole(command, context);
  const reached = await reach(console.options, context);
  const isNamed = command.getOptionValueSourceWithGlobals('namespace') === 'cli';
  const namespace = isNamed ? undefined : reached?.namespace;
  const options = { ...console.options, ...(namespace === undefined ? {} : { namespace }) };
  const client = createApiClient({
    findAccess: () => (reached === undefined ? findAccess(options, context) : Promise.resolve(reached.access)),
    clock: context.clock,
    signal: context.signal,
    onLost: (message) => context.stderr.write(`connection lost, trying again: ${message}\n`),
  });
  return { ...console, options, client };
}

async function reach(
  { kubeconfig, context, server }: GlobalOptions,
  { reachCluster, workingDirectory }: CliContext,
): Promise<ReachedApi | undefined> {
  if (kubeconfig === undefined && context === undefined) return undefined;
  if (server !== undefined) throw new SluiceError('Usage', 'give --server, or --context and --kubeconfig, not both');
  if (reachCluster === undefined)
    throw new SluiceError('Usage', 'clusters of a kubeconfig cannot be reached from here');
  return await reachCluster({
    ...(kubeconfig === undefined ? {} : { kubeconfig: resolve(workingDirectory, kubeconfig) }),
    ...(context === undefined ? {} : { context }),
  });
}

function hasColors({ color }: GlobalOptions, { env, stdout }: CliContext): boolean {
  if (!color || (env['NO_COLOR'] ?? '') !== '') return false;
  return (env['FORCE_COLOR'] ?? '') !== '' || (stdout.isTerminal && env['TERM'] !== 'dumb');
}
