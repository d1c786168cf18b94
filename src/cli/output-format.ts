import { Option, type Command } from 'commander';
import { dump } from 'js-yaml';

/** How objects are printed; `table` is for people. */
export type OutputFormat = 'table' | 'wide' | 'json' | 'yaml' | 'name';

const formats: readonly OutputFormat[] = ['table', 'wide', 'json', 'yaml', 'name'];

/** Adds `-o`. */
export function addOutputOption(command: Command, choices: readonly OutputFormat[] = formats): Command {
  return command.addOption(new Option('-o, --output <format>', 'how to print it').choices(choices).default('table'));
}

/** An object as text that a program reads. */
export function serialise(value: object, format: 'json' | 'yaml'): readonly string[] {
  const text = format === 'json' ? JSON.stringify(value, null, 2) : dump(JSON.parse(JSON.stringify(value))).trimEnd();
  return text.split('\n');
}
