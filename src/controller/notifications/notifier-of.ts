import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import type { Caches } from '../caches.ts';
import { createNotifier, type NotificationOptions, type Notifier } from './notifier.ts';

/** The notifier of a controller that has one. What it notes on Rollouts is known to the caches at once. */
export function notifierOf(
  controller: {
    readonly cluster: ClusterPort;
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Log;
    readonly notifications?: NotificationOptions;
  },
  { rollouts }: Pick<Caches, 'rollouts'>,
): Notifier | undefined {
  const { notifications, random } = controller;
  if (notifications === undefined) return undefined;
  return createNotifier({
    ...controller,
    options: notifications,
    random: random.fork('notifications'),
    onWritten: (rollout) => rollouts.remember(rollout),
  });
}
