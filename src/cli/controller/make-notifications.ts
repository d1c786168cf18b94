import type { Clock } from '../../base/clock.ts';
import { createHttpClient, type HttpClient } from '../../controller/http-client.ts';
import { createHttpPolicy, type HttpPolicyOptions } from '../../controller/http-policy.ts';
import type { NotificationOptions } from '../../controller/notifications/notifier.ts';
import type { SendPorts } from '../../controller/notifications/send-dispatch.ts';
import { createMailPort } from '../../controller/notifications/send-mail.ts';
import { notificationServices } from '../../providers/notifications/registry.ts';
import type { ControllerSettings } from './settings.ts';

/** What a controller notifies with, on the real network. */
export interface Notifications extends NotificationOptions {
  /** Closes the idle connections. */
  close(): void;
}

/** What the settings say about it. */
type NotificationSettings = Pick<
  ControllerSettings,
  'metricLoopback' | 'metricHosts' | 'selfServiceNotificationEnabled'
>;

/**
 * Makes it. Who writes the configuration is the administrator of the controller, so any host may be notified, except
 * those that no policy allows. What namespaces configure for themselves goes only where metrics may go.
 */
export function makeNotifications(
  { metricLoopback, metricHosts, selfServiceNotificationEnabled }: NotificationSettings,
  clock: Clock,
  parts: Pick<NotificationOptions, 'namespace' | 'onDelivery'>,
): Notifications {
  const clients: HttpClient[] = [];
  const portsFor = (hosts: Pick<HttpPolicyOptions, 'hosts'>): SendPorts => {
    const policy = createHttpPolicy({ loopback: metricLoopback ? 'allow' : 'deny', ...hosts });
    const http = createHttpClient(clock, { policy });
    clients.push(http);
    return { http, mail: createMailPort(clock, policy) };
  };
  const own = portsFor({});
  const tenants = portsFor(metricHosts.length === 0 ? {} : { hosts: metricHosts });
  return {
    ...parts,
    ...own,
    ...(selfServiceNotificationEnabled ? { tenants } : {}),
    services: notificationServices,
    close: () => clients.forEach((client) => client.close()),
  };
}
