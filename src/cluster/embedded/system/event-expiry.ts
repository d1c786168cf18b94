import { resourceTypes } from '../../../api/resource-types.ts';
import { parseInstant } from '../../../base/instant.ts';
import type { Change } from '../change-log.ts';
import type { SystemPort } from './system-port.ts';

/** How long an Event is kept. Source: the API server's default. */
const lifeMs = 3_600_000;

/**
 * Removes Events that are older than an hour, so that they do not pile up. Looks whenever a new one arrives: without
 * new ones there is nothing that grows.
 */
export class EventExpiry {
  readonly #port: SystemPort;
  #oldestMs: number | undefined;
  #scheduled = false;

  constructor(port: SystemPort) {
    this.#port = port;
  }

  /** Takes up the present state and follows every change from now on. */
  start(): void {
    this.#port.context.store.log.subscribe((change) => this.#observe(change));
  }

  #observe({ type, resource }: Change): void {
    if (type !== 'ADDED' || resource.kind !== resourceTypes.event.kind || this.#scheduled) return;
    const nowMs = this.#port.context.clock.now();
    this.#oldestMs ??= 0;
    if (this.#oldestMs + lifeMs > nowMs) return;
    this.#scheduled = true;
    this.#port.later(0, () => this.#removeOld(nowMs));
  }

  #removeOld(nowMs: number): void {
    this.#scheduled = false;
    const { store } = this.#port.context;
    this.#oldestMs = nowMs;
    for (const event of store.table(resourceTypes.event).all()) {
      const createdMs = parseInstant(event.metadata.creationTimestamp ?? '') ?? nowMs;
      if (createdMs + lifeMs <= nowMs) store.remove(resourceTypes.event, event);
      else this.#oldestMs = Math.min(this.#oldestMs, createdMs);
    }
  }
}
