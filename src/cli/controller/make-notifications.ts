import type { Clock } from '../../base/clock.ts';
import { createHttpClient } from '../../controller/http-client.ts';
import { createHttpPolicy } from '../../controller/http-policy.ts';
import type { NotificationOptions } from '../../controller/notifications/notifier.ts';
import { createMailPort } from '../../controller/notifications/send-mail.ts';
import { notificationServices } from '../../providers/notifications/registry.ts';
import type { ControllerSettings } from './settings.ts';

/** What a controller notifies with, on the real network. */
export interface Notifications extends NotificationOptions {
  /** Closes the idle connections. */
  close(): void;
}

/**
 * Makes it. Who writes the configuration is the administrator of the controller, so any host may be notified, except
 * those that no policy allows.
 */
export function makeNotifications(
  { metricLoopback }: Pick<ControllerSettings, 'metricLoopback'>,
  clock: Clock,
  parts: Pick<NotificationOptions, 'namespace' | 'onDelivery'>,
): Notifications {
  const http = createHttpClient(clock, { policy: createHttpPolicy({ loopback: metricLoopback ? 'allow' : 'deny' }) });
  return { ...parts, http, mail: createMailPort(clock), services: notificationServices, close: () => http.close() };
}
