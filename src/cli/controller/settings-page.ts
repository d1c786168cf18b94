import { settings, variableOf, type Setting } from './settings.ts';

/** The page about the controller's settings, in Markdown. A test keeps the stored one equal to it. */
export function settingsPage(): string {
  const rows = settings.map((setting: Setting) => {
    const { name, value, fallback = '' } = setting;
    const flag = `\`--${name} <${value.replaceAll('|', '/')}>\``;
    const given = fallback === '' ? '' : `\`${fallback}\``;
    return `| ${flag} | \`${variableOf(name)}\` | ${given} | ${sentence(setting)} |`;
  });
  return [
    '# Settings of the controller',
    '',
    'Each setting of `sluice controller` can be given as a flag, as a variable of the environment, or as a key of the YAML file that `--config` names (the flag without its dashes). A flag counts before a variable, and a variable before the file. What is empty counts as not given.',
    '',
    'This page is printed by `npm run settings:page`, from `src/cli/controller/settings.ts`.',
    '',
    '| Flag | Variable | Default | What it does |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function sentence({ description, choices }: Setting): string {
  const text = `${description.charAt(0).toUpperCase()}${description.slice(1)}`;
  return choices === undefined ? `${text}.` : `${text}: ${choices.join(', ')}.`;
}
