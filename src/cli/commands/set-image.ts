import type { Command } from 'commander';

import { SluiceError } from '../../base/error.ts';
import type { CliContext } from '../context.ts';
import { giveCommand } from '../give-command.ts';
import { objectName } from '../object-name.ts';
import { openSession } from '../session.ts';

const examples = `
Examples:
  sluice set image web web=shop/web:v2     one container
  sluice set image web '*=shop/web:v2'     every container`;

/** `set image`: makes a revision with other images. */
export function addSetImage(program: Command, context: CliContext): void {
  program
    .command('set')
    .description('Change a Rollout')
    .command('image')
    .argument('<name>', 'the Rollout')
    .argument('<container=image...>', 'containers and their new images; * is every container')
    .description('Make a revision with other images')
    .addHelpText('after', examples)
    .action(async (name: string, pairs: readonly string[], _: object, self: Command) => {
      const session = await openSession(self, context);
      await giveCommand(session, objectName(name, 'rollout'), 'set-image', { images: imagesOf(pairs) });
    });
}

function imagesOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  const images = new Map<string, string>();
  for (const pair of pairs) {
    const [, container, image] = /^([^=]+)=(.+)$/s.exec(pair) ?? [];
    if (container === undefined || image === undefined) {
      throw new SluiceError('Usage', `"${pair}" is no CONTAINER=IMAGE; write e.g. web=shop/web:v2`);
    }
    if (images.has(container)) throw new SluiceError('Usage', `container ${container} is given twice`);
    images.set(container, image);
  }
  return Object.fromEntries(images);
}
