import { load } from 'js-yaml';

import { listOf, recordOf, textOf } from '../../api/json-access.ts';
import { kubernetesYamlSchema } from '../../api/kubernetes-yaml.ts';
import { selectorMatches, type Selector } from '../../api/selector.ts';
import type { Destination } from './contract.ts';

/** A subscription of the ConfigMap: it counts for every Rollout with matching labels. */
export interface DefaultSubscription {
  /** Empty: the default triggers. */
  readonly triggers: readonly string[];
  readonly destinations: readonly Destination[];
  readonly selector: Selector;
}

/** What the ConfigMap says about who is told of what. */
export interface SubscriptionRules {
  readonly subscriptions: readonly DefaultSubscription[];
  readonly defaultTriggers: readonly string[];
  readonly serviceDefaultTriggers: ReadonlyMap<string, readonly string[]>;
}

/** Labels and annotations of a Rollout. */
export interface Subscriber {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Destinations by trigger, each once. */
export type DestinationsByTrigger = ReadonlyMap<string, readonly Destination[]>;

const group = 'notifications.argoproj.io';
const annotationPrefix = `${group}/subscribe.`;
const yamlPrefix = `${group}/subscribe_yaml`;

/** True when an annotation subscribes the Rollout, whatever the ConfigMap says. */
export function isSubscribed({ annotations }: Pick<Subscriber, 'annotations'>): boolean {
  return Object.keys(annotations).some((key) => key.startsWith(annotationPrefix) || key.startsWith(yamlPrefix));
}

/**
 * Everybody who is subscribed: by an annotation `notifications.argoproj.io/subscribe.<trigger>.<service>` with
 * recipients divided by `;`, without a trigger (`subscribe.<service>`) for the default triggers, by a list in YAML
 * under `notifications.argoproj.io/subscribe_yaml…`, or by the ConfigMap.
 */
export function destinationsOf(rules: SubscriptionRules, subscriber: Subscriber): DestinationsByTrigger {
  const found = new Map<string, Map<string, Destination>>();
  const add = (trigger: string, destination: Destination): void => {
    const present = found.get(trigger) ?? new Map<string, Destination>();
    found.set(trigger, present.set(`${destination.service}\n${destination.recipient}`, destination));
  };
  for (const { triggers, destinations, selector } of rules.subscriptions) {
    if (!selectorMatches(selector, subscriber.labels)) continue;
    for (const trigger of triggers.length === 0 ? rules.defaultTriggers : triggers) {
      for (const destination of destinations) add(trigger, destination);
    }
  }
  for (const { trigger, service, recipients } of annotated(subscriber.annotations)) {
    const triggers = trigger === '' ? (rules.serviceDefaultTriggers.get(service) ?? rules.defaultTriggers) : [trigger];
    for (const name of triggers) for (const recipient of recipients) add(name, { service, recipient });
  }
  return new Map([...found].map(([trigger, destinations]) => [trigger, [...destinations.values()]]));
}

/** A destination as the ConfigMap writes it: `service:recipient`. Recipients may hold colons. */
export function parseDestination(text: string): Destination {
  const at = text.indexOf(':');
  return at === -1
    ? { service: text.trim(), recipient: '' }
    : { service: text.slice(0, at).trim(), recipient: text.slice(at + 1).trim() };
}

interface Annotated {
  /** Empty: the default ones. */
  readonly trigger: string;
  readonly service: string;
  readonly recipients: readonly string[];
}

function annotated(annotations: Readonly<Record<string, string>>): readonly Annotated[] {
  return Object.entries(annotations)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([key, value]) => {
      if (key.startsWith(yamlPrefix)) return annotatedInYaml(value);
      if (!key.startsWith(annotationPrefix)) return [];
      const [first = '', second] = key.slice(annotationPrefix.length).split('.');
      const recipients = value.trim() === '' ? [''] : splitRecipients(value);
      return [
        second === undefined
          ? { trigger: '', service: first, recipients }
          : { trigger: first, service: second, recipients },
      ];
    });
}

function splitRecipients(text: string): readonly string[] {
  return text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** A list of `{trigger: [], destinations: [{service, recipients: []}]}`. What is no such list subscribes nobody. */
function annotatedInYaml(text: string): readonly Annotated[] {
  let content: unknown;
  try {
    content = load(text, { schema: kubernetesYamlSchema });
  } catch {
    return [];
  }
  return listOf(content).flatMap((entry) => {
    const { trigger, destinations } = recordOf(entry);
    return listOf(trigger).flatMap((name) =>
      listOf(destinations).map((destination) => {
        const { service, recipients } = recordOf(destination);
        return { trigger: textOf(name), service: textOf(service), recipients: listOf(recipients).map(textOf) };
      }),
    );
  });
}
