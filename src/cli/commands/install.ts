import type { Command } from 'commander';

import { dnsLabelProblems } from '../../api/name-syntax.ts';
import type { CliContext } from '../context.ts';

interface InstallOptions {
  readonly image: string;
  readonly scope: string;
  readonly namespaces?: string;
  readonly crds: boolean;
}

const examples = `
Examples:
  sluice install --image registry.example/sluice:0.1.0 | kubectl apply --server-side -f -
  sluice install --scope namespace -n shop --image registry.example/sluice:0.1.0
  sluice install --scope namespace --namespaces shop,bank --image registry.example/sluice:0.1.0`;

/** `install`: prints what a cluster needs to run the controller. Nothing is sent. */
export function addInstall(program: Command, context: CliContext): void {
  program
    .command('install')
    .description('Print the objects that install the controller in a Kubernetes cluster')
    .requiredOption('--image <image>', 'image of the controller')
    .option('--scope <scope>', 'what it looks after: "cluster", or "namespace" with rights in some only', 'cluster')
    .option('--namespaces <names>', 'which ones with that scope, divided by commas; its own without it')
    .option('--no-crds', 'without the definitions of the kinds, where they are there already')
    .addHelpText('after', examples)
    .action(async (options: InstallOptions, self: Command) => {
      // The schemas of all kinds are large, and no other command needs them.
      const { manifestText } = await import('../install/deploy-files.ts');
      const { installFiles } = await import('../install/install-objects.ts');
      if (options.scope !== 'cluster' && options.scope !== 'namespace') {
        self.error(`error: --scope: "${options.scope}" is neither cluster nor namespace`, { exitCode: 2 });
      }
      const namespaces = namedNamespaces(options, self);
      const isGiven = self.getOptionValueSourceWithGlobals('namespace') === 'cli';
      const namespace = isGiven ? self.optsWithGlobals<{ readonly namespace: string }>().namespace : 'sluice-system';
      const files = installFiles({
        image: options.image,
        namespace,
        namespaces,
        scope: options.scope === 'namespace' ? 'namespace' : 'cluster',
      });
      const wanted = files.filter(({ name }) => options.crds || name !== 'crds.yaml');
      context.stdout.write(manifestText(wanted.flatMap(({ objects }) => objects)));
    });
}

function namedNamespaces({ namespaces = '', scope }: InstallOptions, command: Command): readonly string[] {
  const names = namespaces.split(',').filter((name) => name !== '');
  for (const name of names) {
    const [problem] = dnsLabelProblems(name);
    if (problem !== undefined) command.error(`error: --namespaces: "${name}" ${problem}`, { exitCode: 2 });
  }
  if (names.length > 0 && scope !== 'namespace') {
    command.error('error: --namespaces needs --scope namespace', { exitCode: 2 });
  }
  return names;
}
