/** How much there is to do. */
export interface ControllerStats {
  /** Objects that wait for a worker. */
  readonly queued: number;
  /** Objects that are worked on. */
  readonly active: number;
  readonly eventsWaiting: number;
  /** Events that were given up. */
  readonly eventsLost: number;
}
