import { resolve } from 'node:path';

import type { Command } from 'commander';

import { SluiceError } from '../../base/error.ts';
import { stateDirectoryOf } from '../access.ts';
import type { CliContext } from '../context.ts';
import { countOption, durationOption } from '../duration-option.ts';
import type { RunFactory, RunSource } from '../run-request.ts';
import { openConsole } from '../session.ts';
import { harmless } from '../show/harmless.ts';

interface RunOptions {
  readonly repo?: string;
  readonly ref: string;
  readonly path: string;
  readonly prune: boolean;
  readonly interval: number;
  readonly images?: string;
  readonly metricPlugins?: string;
  readonly stepPlugins?: string;
  readonly apiPort: number;
  readonly gatewayPort: number;
}

const examples = `
Examples:
  sluice run deploy/ --images images.yaml
  sluice run --repo https://example.org/shop.git --ref main --path deploy --images images.yaml`;

const portMax = 65_535;

/** `run`: carries Rollouts out on this machine, with processes as pods, from a folder or a branch. */
export function addRun(program: Command, context: CliContext, run: RunFactory): void {
  program
    .command('run')
    .argument('[directory]', 'folder with manifests')
    .description('Run the Rollouts of a folder or a Git branch on this machine, and follow its changes')
    .option('--repo <url>', 'Git repository, in place of a folder')
    .option('--ref <branch>', 'branch of the repository', 'main')
    .option('--path <folder>', 'folder in the repository', '')
    .option('--prune', 'delete what was applied from the source and is no longer in it', false)
    .option('--interval <duration>', 'time between two looks at the source', durationOption, 2000)
    .option('--images <file>', 'file that says which program an image stands for')
    .option('--metric-plugins <file>', 'file with metric plug-ins, as the controller takes it')
    .option('--step-plugins <file>', 'file with step plug-ins, as the controller takes it')
    .option('--api-port <port>', 'port of the API; 0 takes any free one', countOption(portMax), 0)
    .option('--gateway-port <port>', 'port of the gateway; 0 takes any free one', countOption(portMax), 0)
    .addHelpText('after', examples)
    .action(async (directory: string | undefined, options: RunOptions, self: Command) => {
      const session = openConsole(self, context);
      const { workingDirectory, signal } = context;
      await run(
        {
          source: sourceOf(directory, options, workingDirectory),
          prune: options.prune,
          intervalMs: Math.max(options.interval, 100),
          stateDirectory: stateDirectoryOf(session.options, context),
          apiPort: options.apiPort,
          gatewayPort: options.gatewayPort,
          imagesPath: fileOf(options.images, workingDirectory),
          metricPluginsPath: fileOf(options.metricPlugins, workingDirectory),
          stepPluginsPath: fileOf(options.stepPlugins, workingDirectory),
          namespace: session.options.namespace,
        },
        { signal, tell: (line) => session.print([harmless(line)]) },
      );
    });
}

function fileOf(given: string | undefined, workingDirectory: string): string | undefined {
  return given === undefined ? undefined : resolve(workingDirectory, given);
}

function sourceOf(directory: string | undefined, { repo, ref, path }: RunOptions, workingDirectory: string): RunSource {
  if (repo !== undefined && directory !== undefined) {
    throw new SluiceError('Usage', 'give a folder or --repo, not both');
  }
  if (repo !== undefined) return { kind: 'repository', url: repo, ref, path };
  if (directory !== undefined) return { kind: 'directory', path: resolve(workingDirectory, directory) };
  throw new SluiceError('Usage', 'say what to run: a folder with manifests, or --repo URL');
}
