import type { DeliveryReport } from '../notifications/deliveries.ts';
import { Counter, Histogram, type Labels, type MetricFamily } from './metric-family.ts';

/** Bounds as Argo Rollouts has them, in seconds. */
const deliveryBounds = [0.01, 0.15, 0.25, 0.5, 1];

/** What became of notifications, and how long they took. */
export class DeliveryFamilies {
  readonly #sent = new Counter({ name: 'notification_send_success', help: 'Notifications that were sent.' });
  readonly #unsent = new Counter({ name: 'notification_send_error', help: 'Notifications that were given up.' });
  readonly #seconds = new Histogram(
    { name: 'notification_send', help: 'Seconds until a notification was sent or given up.' },
    deliveryBounds,
  );

  add({ namespace, name, type, reason, service, isSent, durationMs }: DeliveryReport): void {
    (isSent ? this.#sent : this.#unsent).add({ namespace, name, type, reason, service });
    this.#seconds.observe({ namespace, name }, durationMs / 1000);
  }

  /** Forgets the series of Rollouts that are gone. */
  keep(isThere: (labels: Labels) => boolean): void {
    for (const family of [this.#sent, this.#unsent, this.#seconds]) family.keep(isThere);
  }

  families(): readonly MetricFamily[] {
    return [this.#sent, this.#unsent, this.#seconds];
  }
}
