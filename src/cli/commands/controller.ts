import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { Option, type Command } from 'commander';
import { load } from 'js-yaml';

import { messageOf, SluiceError } from '../../base/error.ts';
import type { CliContext } from '../context.ts';
import type { ControllerFactory } from '../controller/control-request.ts';
import {
  checkSettings,
  environmentTexts,
  fileTexts,
  settings,
  variableOf,
  type Setting,
  type SettingTexts,
} from '../controller/settings.ts';

/** `controller`: carries the Rollouts of a cluster out. */
export function addController(program: Command, context: CliContext, control: ControllerFactory): void {
  const command = program.command('controller').description('Carry out the Rollouts of a Kubernetes cluster');
  // The namespace is an option of every command already.
  for (const setting of settings) if (setting.name !== 'namespace') command.addOption(optionOf(setting));
  const { description } = settings.find(({ name }) => name === 'namespace') ?? {};
  command.addHelpText('after', `\nHere --namespace means: ${description} (or ${variableOf('namespace')}).`);
  command.action(async (_: unknown, self: Command) => {
    const flags = flagTexts(self);
    const environment = environmentTexts(context.env);
    const file = flags.config ?? environment.config;
    const content = file === undefined ? {} : await readFileTexts(resolve(context.workingDirectory, file));
    await control(checkSettings([flags, environment, content]), { signal: context.signal });
  });
}

function optionOf({ name, value, fallback = '', description }: Setting): Option {
  const told = `${description} (or ${variableOf(name)}${fallback === '' ? '' : `; default ${fallback}`})`;
  return new Option(`--${name} <${value}>`, told);
}

/** Only what was given counts: defaults come last. */
function flagTexts(command: Command): SettingTexts {
  const values: Readonly<Record<string, unknown>> = command.optsWithGlobals();
  return Object.fromEntries(
    settings.flatMap(({ name }) => {
      const key = name.replaceAll(/-(?<letter>\w)/g, (_, letter: string) => letter.toUpperCase());
      const value = values[key];
      return command.getOptionValueSourceWithGlobals(key) === 'cli' && typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

async function readFileTexts(file: string): Promise<SettingTexts> {
  let content: unknown;
  try {
    content = load(await readFile(file, 'utf8'));
  } catch (error) {
    throw new SluiceError('Usage', `cannot read the settings ${file}: ${messageOf(error)}`, { cause: error });
  }
  return fileTexts(content, file);
}
