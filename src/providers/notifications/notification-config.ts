import { load } from 'js-yaml';

import { fieldErrorText } from '../../api/field-error.ts';
import { listOf, optionalRecord, textOf } from '../../api/json-access.ts';
import { kubernetesYamlSchema } from '../../api/kubernetes-yaml.ts';
import type { Json } from '../../api/object.ts';
import { parseSelector } from '../../api/parse-selector.ts';
import { plainJson } from '../../api/plain-json.ts';
import { messageOf } from '../../base/error.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { AnyNotificationService } from './contract.ts';
import { parseNotificationTemplate, type NotificationTemplate } from './notification-template.ts';
import { fillSecrets } from './secret-references.ts';
import { parseDestination, type DefaultSubscription, type SubscriptionRules } from './subscriptions.ts';
import { parseTrigger, type TriggerCondition } from './trigger.ts';

/** A service with its configuration read. */
export interface ConfiguredService {
  readonly service: AnyNotificationService;
  readonly config: unknown;
}

/** Everything that the ConfigMap and the Secret say, and what is wrong with them. */
export interface NotificationConfig extends SubscriptionRules {
  readonly services: ReadonlyMap<string, ConfiguredService>;
  readonly templates: ReadonlyMap<string, NotificationTemplate>;
  readonly triggers: ReadonlyMap<string, readonly TriggerCondition[]>;
  /** Entries that could not be read, by their key: what is wrong. The others count all the same. */
  readonly problems: ReadonlyMap<string, string>;
}

/** Data of the ConfigMap, and of the Secret with its values decoded. */
export interface ConfigSources {
  readonly data: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * Reads the ConfigMap `argo-rollouts-notification-configmap`: `service.<kind>[.<name>]`, `template.<name>`,
 * `trigger.<name>`, `subscriptions`, `defaultTriggers` and `defaultTriggers.<service>`. An entry with a mistake is left
 * out and told; no message shows a secret.
 */
export function parseNotificationConfig(
  { data, secrets }: ConfigSources,
  registry: Readonly<Record<string, AnyNotificationService>>,
): NotificationConfig {
  const services = new Map<string, ConfiguredService>();
  const templates = new Map<string, NotificationTemplate>();
  const triggers = new Map<string, readonly TriggerCondition[]>();
  const serviceDefaultTriggers = new Map<string, readonly string[]>();
  const problems = new Map<string, string>();
  let subscriptions: readonly DefaultSubscription[] = [];
  let defaultTriggers: readonly string[] = [];
  for (const [key, text] of Object.entries(data)) {
    const { kind, name } = splitKey(key);
    const take = <T>(result: Result<T, string>, use: (value: T) => void): void => {
      if (result.ok) use(result.value);
      else problems.set(key, result.error);
    };
    const content = parseYaml(text);
    if (!content.ok) {
      if (knownKinds.has(kind)) problems.set(key, content.error);
      continue;
    }
    switch (kind) {
      case 'service':
        take(parseService(name, content.value, secrets, registry), ({ as, ...configured }) =>
          services.set(as, configured),
        );
        break;
      case 'template':
        take(parseNotificationTemplate(content.value), (template) => templates.set(name, template));
        break;
      case 'trigger':
        take(parseTrigger(content.value), (conditions) => triggers.set(name, conditions));
        break;
      case 'subscriptions':
        take(parseSubscriptions(content.value), (list) => (subscriptions = list));
        break;
      case 'defaultTriggers':
        take(parseNames(content.value), (list) => {
          if (name === '') defaultTriggers = list;
          else serviceDefaultTriggers.set(name, list);
        });
    }
  }
  return { services, templates, triggers, subscriptions, defaultTriggers, serviceDefaultTriggers, problems };
}

const knownKinds: ReadonlySet<string> = new Set(['service', 'template', 'trigger', 'subscriptions', 'defaultTriggers']);

function splitKey(key: string): { readonly kind: string; readonly name: string } {
  const at = key.indexOf('.');
  return at === -1 ? { kind: key, name: '' } : { kind: key.slice(0, at), name: key.slice(at + 1) };
}

/** Bounds of one entry, against references in YAML that multiply. */
const limits = { valuesMax: 10_000, depthMax: 50 } as const;

function parseYaml(text: string): Result<Json, string> {
  try {
    const copied = plainJson(load(text, { schema: kubernetesYamlSchema }) ?? null, limits);
    return copied.ok ? copied : fail(`${copied.error.field}: ${copied.error.problem}`);
  } catch (error) {
    return fail(`it is no YAML: ${messageOf(error).split('\n')[0] ?? ''}`);
  }
}

function parseService(
  key: string,
  content: Json,
  secrets: Readonly<Record<string, string>>,
  registry: Readonly<Record<string, AnyNotificationService>>,
): Result<ConfiguredService & { readonly as: string }, string> {
  const [type = '', as = type, ...more] = key.split('.');
  if (more.length > 0) return fail('the key must be service.<kind> or service.<kind>.<name>');
  const service = Object.hasOwn(registry, type) ? registry[type] : undefined;
  if (service === undefined) {
    return fail(`there is no service "${type}"; there are: ${Object.keys(registry).join(', ')}`);
  }
  const { configuration, missing } = fillSecrets(content, secrets);
  if (missing.length > 0) return fail(`the Secret has no ${missing.map((name) => `"${name}"`).join(', ')}`);
  const config = service.parse(configuration);
  if (config.ok) return succeed({ service, config: config.value, as });
  // The values may come from the Secret.
  return fail(config.error.map((error) => fieldErrorText({ ...error, value: undefined })).join('; '));
}

function parseNames(content: Json): Result<readonly string[], string> {
  const names = listOf(content).map(textOf);
  return Array.isArray(content) && !names.includes('')
    ? succeed(names)
    : fail('it must be a list of names of triggers');
}

function parseSubscriptions(content: Json): Result<readonly DefaultSubscription[], string> {
  if (content === null) return succeed([]);
  if (!Array.isArray(content)) return fail('it must be a list, each item with "recipients"');
  const found: DefaultSubscription[] = [];
  for (const [index, item] of listOf(content).entries()) {
    const record = optionalRecord(item) ?? {};
    const recipients = listOf(record['recipients']).map(textOf);
    if (recipients.length === 0 || recipients.includes('')) {
      return fail(`[${index}].recipients: give a list of texts such as "slack:my-channel"`);
    }
    const selector = parseSelector(textOf(record['selector']));
    if (!selector.ok) return fail(`[${index}].selector: ${selector.error}`);
    const triggers = listOf(record['triggers']).map(textOf);
    found.push({ triggers, destinations: recipients.map(parseDestination), selector: selector.value });
  }
  return succeed(found);
}
