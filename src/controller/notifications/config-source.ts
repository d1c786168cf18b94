import { textMapOf } from '../../api/json-access.ts';
import type { ResourceType } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { withDeadline, type Clock } from '../../base/clock.ts';
import { hasCode, SluiceError } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import type { AnyNotificationService } from '../../providers/notifications/contract.ts';
import { parseNotificationConfig, type NotificationConfig } from '../../providers/notifications/notification-config.ts';

/** Where notifications are configured, in the namespace of the controller, and of Rollouts where that is allowed. */
export const notificationNames = {
  configMap: 'argo-rollouts-notification-configmap',
  secret: 'argo-rollouts-notification-secret',
} as const;

/** What the source is made with. */
export interface ConfigSourceOptions {
  readonly cluster: ClusterPort;
  readonly clock: Clock;
  readonly log: Log;
  readonly namespace: string;
  readonly services: Readonly<Record<string, AnyNotificationService>>;
}

/** Reads the configuration when it is needed: nobody who uses no notifications pays for them. */
export interface ConfigSource {
  /** What is configured, ten seconds old at most, a minute where nothing was. Rejects when there is no answer. */
  read(signal: AbortSignal): Promise<NotificationConfig>;
  /** The same if it is at hand. */
  readonly fresh: NotificationConfig | undefined;
  /** What was read last, however old; undefined before. */
  readonly known: NotificationConfig | undefined;
}

/** How long an answer counts. */
const ageMsMax = 10_000;
/** The same where nothing is configured. */
const emptyAgeMsMax = 60_000;
const readTimeoutMs = 20_000;

/** Makes the source. Problems are logged once for each version of the configuration. */
export function createConfigSource({ cluster, clock, log, namespace, services }: ConfigSourceOptions): ConfigSource {
  let known: { readonly config: NotificationConfig; readonly version: string; readonly readAtMs: number } | undefined;

  let toldForbidden = '';

  async function readObject(type: ResourceType, name: string, signal: AbortSignal): Promise<Found> {
    try {
      const object = await cluster.get({ type, namespace, name }, { signal });
      return { data: textMapOf(object['data']), version: object.metadata.resourceVersion ?? '' };
    } catch (error) {
      if (hasCode(error, 'NotFound')) return nothing;
      if (!hasCode(error, 'Forbidden')) throw error;
      if (toldForbidden !== error.message) {
        log.warn({ namespace, name, error: error.message }, 'the configuration of notifications may not be read');
      }
      toldForbidden = error.message;
      return nothing;
    }
  }

  async function readNow(signal: AbortSignal): Promise<NotificationConfig> {
    const now = clock.monotonic();
    const configMap = await readObject(resourceTypes.configMap, notificationNames.configMap, signal);
    const isEmpty = Object.keys(configMap.data).length === 0;
    // Without a configuration nothing refers to secrets.
    const secret = isEmpty ? nothing : await readObject(resourceTypes.secret, notificationNames.secret, signal);
    const version = `${configMap.version}/${secret.version}`;
    if (known?.version === version) known = { ...known, readAtMs: now };
    else {
      const secrets = Object.fromEntries(Object.entries(secret.data).map(([key, text]) => [key, decoded(text)]));
      const config = parseNotificationConfig({ data: configMap.data, secrets }, services);
      for (const [entry, problem] of config.problems) {
        log.warn({ namespace, entry, problem }, 'an entry of the configuration of notifications is left out');
      }
      known = { config, version, readAtMs: now };
    }
    return known.config;
  }

  let reading: Promise<NotificationConfig> | undefined;

  const fresh = (): NotificationConfig | undefined => {
    if (known === undefined) return undefined;
    const counts = known.version === nothingVersion ? emptyAgeMsMax : ageMsMax;
    return clock.monotonic() - known.readAtMs < counts ? known.config : undefined;
  };

  return {
    get fresh() {
      return fresh();
    },
    get known() {
      return known?.config;
    },
    read(signal) {
      const atHand = fresh();
      if (atHand !== undefined) return Promise.resolve(atHand);
      // Many may need it at once; that one of them gives up is nothing to the others.
      reading ??= readNow(new AbortController().signal).finally(() => (reading = undefined));
      const late = (): SluiceError => new SluiceError('Timeout', 'the configuration could not be read in time');
      const shared = reading;
      return withDeadline(clock, readTimeoutMs, signal, () => shared, late);
    },
  };
}

interface Found {
  readonly data: Readonly<Record<string, string>>;
  readonly version: string;
}

const nothing: Found = { data: {}, version: '' };
/** The version of a configuration of which nothing is there. */
const nothingVersion = '/';

/** A value of a Secret, without the line break that files often end in. */
function decoded(text: string): string {
  return Buffer.from(text, 'base64')
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
