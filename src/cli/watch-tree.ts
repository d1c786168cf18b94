import { SluiceError } from '../base/error.ts';
import { liveDisplay } from './live-display.ts';
import { objectPath, type CommandedKind } from './object-name.ts';
import type { Session } from './session.ts';
import type { Paint } from './show/style.ts';

const tickMs = 1000;

/** A kind whose objects can be watched, each as a tree. */
export interface TreeKind<Detail> {
  /** As commands call it, in the singular; its plural has an s. */
  readonly kind: CommandedKind;
  /** As Kubernetes calls it, e.g. `Rollout`. */
  readonly title: string;
  readonly tree: (detail: Detail, nowMs: number, paint: Paint) => readonly string[];
}

/** Shows an object as a live tree until it is deleted or the person interrupts. */
export async function watchTree<Detail>(
  session: Session,
  { kind, title, tree }: TreeKind<Detail>,
  name: string,
): Promise<void> {
  const { context, client, paint } = session;
  const path = objectPath(session.options.namespace, `${kind}s`, name, true);
  const { clock } = context;
  const display = liveDisplay(context);
  let shown: Detail | undefined;
  let cancelTick = (): void => undefined;

  function draw(): void {
    if (shown !== undefined) display.show(tree(shown, clock.now(), paint));
  }

  // Ages and remaining times run on while nothing is heard; in a log that would be no news.
  function tick(): void {
    draw();
    cancelTick = clock.schedule(tickMs, tick);
  }

  if (context.stdout.isTerminal) cancelTick = clock.schedule(tickMs, tick);
  try {
    for await (const { event, data } of client.events(path)) {
      if (event === 'deleted') throw new SluiceError('NotFound', `${title} ${name} was deleted`);
      if (event !== kind) continue;
      shown = data as Detail; // the API sends it by this schema
      draw();
    }
  } finally {
    cancelTick();
    display.end();
  }
}
