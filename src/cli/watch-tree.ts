import { SluiceError } from '../base/error.ts';
import type { RolloutDetail } from '../server/view/rollout-detail.ts';
import { liveDisplay } from './live-display.ts';
import { objectPath } from './object-name.ts';
import type { Session } from './session.ts';
import { rolloutTree } from './show/rollout-tree.ts';

const tickMs = 1000;

/** Shows a Rollout as a live tree until it is deleted or the person interrupts. */
export async function watchTree(session: Session, namespace: string, name: string): Promise<void> {
  const { context, client, paint } = session;
  const { clock } = context;
  const display = liveDisplay(context);
  let shown: RolloutDetail | undefined;
  let cancelTick = (): void => undefined;

  function draw(): void {
    if (shown !== undefined) display.show(rolloutTree(shown, clock.now(), paint));
  }

  // Ages and remaining times run on while nothing is heard; in a log that would be no news.
  function tick(): void {
    draw();
    cancelTick = clock.schedule(tickMs, tick);
  }

  if (context.stdout.isTerminal) cancelTick = clock.schedule(tickMs, tick);
  try {
    for await (const { event, data } of client.events(objectPath(namespace, 'rollouts', name, true))) {
      if (event === 'deleted') throw new SluiceError('NotFound', `Rollout ${name} was deleted`);
      if (event !== 'rollout') continue;
      shown = data as RolloutDetail; // the API sends it by this schema
      draw();
    }
  } finally {
    cancelTick();
    display.end();
  }
}
