import type { PendingWork } from './queue.ts';

/** How much there is to do. */
export interface ControllerStats {
  /** Objects that wait for a worker or are worked on. */
  readonly pending: readonly PendingWork[];
  /** Objects that are worked on. */
  readonly active: number;
  readonly eventsWaiting: number;
  /** Events that were given up. */
  readonly eventsLost: number;
}
