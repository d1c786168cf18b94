import type { Command } from 'commander';

import { SluiceError } from '../../base/error.ts';
import type { RolloutDetail } from '../../server/view/rollout-detail.ts';
import type { CliContext } from '../context.ts';
import { durationOption } from '../duration-option.ts';
import { objectName, objectPath } from '../object-name.ts';
import { openSession, type Session } from '../session.ts';
import { harmless } from '../show/harmless.ts';

interface StatusOptions {
  readonly watch: boolean;
  readonly timeout: number;
}

const examples = `
Examples:
  sluice status web                        wait until it is Healthy (exit 0) or Degraded (exit 1)
  sluice status web --timeout 5m           at most five minutes
  sluice status web --no-watch             only say how it is now`;

/** `status`: waits for the end of an update. */
export function addStatus(program: Command, context: CliContext): void {
  program
    .command('status')
    .argument('<name>', 'the Rollout')
    .description('Wait until the update of a Rollout has ended, and tell how')
    .option('-w, --watch', 'wait for the end', true)
    .option('--no-watch', 'do not wait')
    .option('-t, --timeout <duration>', 'how long to wait; 0 is for ever', durationOption, 0)
    .addHelpText('after', examples)
    .action(async (text: string, options: StatusOptions, self: Command) => {
      const session = await openSession(self, context);
      const name = objectName(text, 'rollout');
      const detail = options.watch ? await waitForEnd(session, name, options) : await look(session, name);
      if (!options.watch) session.print([lineOf(detail)]);
      if (detail.phase === 'Degraded') {
        throw new SluiceError('Invalid', `Rollout ${name} is Degraded: ${harmless(detail.message)}`);
      }
    });
}

async function look(session: Session, name: string): Promise<RolloutDetail> {
  return (await session.client.get(objectPath(session.options.namespace, 'rollouts', name))) as RolloutDetail;
}

async function waitForEnd(session: Session, name: string, { timeout }: StatusOptions): Promise<RolloutDetail> {
  const { clock } = session.context;
  const overdue = new AbortController();
  const late = (): void =>
    overdue.abort(new SluiceError('Timeout', `Rollout ${name} has not ended within ${timeout / 1000} s`));
  const cancel = timeout === 0 ? () => undefined : clock.schedule(timeout, late);
  const path = objectPath(session.options.namespace, 'rollouts', name, true);
  let last = '';
  try {
    for await (const { event, data } of session.client.events(path, overdue.signal)) {
      if (event === 'deleted') break;
      if (event !== 'rollout') continue;
      const detail = data as RolloutDetail; // the API sends it by this schema
      const line = lineOf(detail);
      if (line !== last) session.print([line]);
      last = line;
      if (detail.phase === 'Healthy' || detail.phase === 'Degraded') return detail;
    }
  } finally {
    cancel();
  }
  throw new SluiceError('NotFound', `Rollout ${name} was deleted`);
}

function lineOf({ phase, message }: RolloutDetail): string {
  return harmless(message === '' ? phase : `${phase} - ${message}`);
}
