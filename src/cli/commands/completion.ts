import { Argument, type Command } from 'commander';

import type { CliContext } from '../context.ts';

type Shell = 'bash' | 'zsh' | 'fish';

/** One place in the tree of commands, and what may follow there. */
interface Place {
  /** Words after `sluice`, e.g. `get rollouts`; empty at the top. */
  readonly path: string;
  readonly words: readonly string[];
}

const examples = `
Examples:
  source <(sluice completion bash)
  sluice completion zsh > "\${fpath[1]}/_sluice"
  sluice completion fish > ~/.config/fish/completions/sluice.fish`;

/** `completion`: prints a script that completes commands and options in a shell. */
export function addCompletion(program: Command, context: CliContext): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .description('Print a script that completes commands and options')
    .addHelpText('after', examples)
    .action((shell: Shell) => context.stdout.write(scripts[shell](placesOf(program))));
}

/** Every command with the commands and options that may follow it. */
function placesOf(program: Command): readonly Place[] {
  const places: Place[] = [];
  const shared = optionsOf(program);
  const visit = (command: Command, path: readonly string[]): void => {
    const own = command === program ? [] : optionsOf(command);
    const words = [...command.commands.map((inner) => inner.name()), ...own, ...shared, '--help'];
    places.push({ path: path.join(' '), words });
    for (const inner of command.commands) {
      for (const name of [inner.name(), ...inner.aliases()]) visit(inner, [...path, name]);
    }
  };
  visit(program, []);
  return places;
}

function optionsOf(command: Command): readonly string[] {
  return command.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? []);
}

const scripts: Readonly<Record<Shell, (places: readonly Place[]) => string>> = {
  bash: bashScript,
  zsh: (places) => `#compdef sluice\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(places)}`,
  fish: fishScript,
};

function bashScript(places: readonly Place[]): string {
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
  const choices = places.map(({ path, words }) => `    '${path}') words='${words.join(' ')}' ;;`);
  return `_sluice() {
  local at='' next word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${at:+$at }$word"
    case "$next" in
      ${paths.join('|')}) at="$next" ;;
    esac
  done
  case "$at" in
${choices.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _sluice sluice
`;
}

function fishScript(places: readonly Place[]): string {
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
  const lines = places.map(
    ({ path, words }) => `complete -c sluice -n 'test (__sluice_at) = "at:${path}"' -a '${words.join(' ')}'`,
  );
  return `function __sluice_at
  set -l at ''
  for word in (commandline -opc)[2..]
    set -l next (string trim "$at $word")
    contains -- "$next" ${paths.join(' ')}; and set at "$next"
  end
  echo "at:$at"
end
${lines.join('\n')}
`;
}
