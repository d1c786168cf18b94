import type { FieldErrors } from '../../api/field-error.ts';
import { recordOf, textOf } from '../../api/json-access.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from '../metrics/config-reader.ts';
import type { MetricRequest } from '../metrics/contract.ts';
import { parseJsonDocument } from '../metrics/json-document.ts';
import { isHeaderValue } from '../metrics/request-headers.ts';
import {
  assessStatus,
  type DeliveryOutcome,
  type MessagePlace,
  type Notification,
  type NotificationService,
  type ServiceAnswer,
  type Thread,
} from './contract.ts';
import { jsonRequest } from './json-request.ts';
import { jsonObjects, partText } from './part-reader.ts';

/** How messages are posted. */
export interface SlackConfig {
  readonly token: string;
  readonly apiUrl: string;
  readonly username: string;
  readonly icon: string;
  readonly unfurls: boolean;
  readonly insecure: boolean;
}

/**
 * Slack, by `chat.postMessage` and `chat.update` of its Web API with a bot's token. The recipient is a channel.
 * Messages with the same `groupingKey` are one thread: a later one is a reply, a new text of the first one, or both, as
 * `deliveryPolicy` says.
 */
export const slack: NotificationService<SlackConfig> = {
  type: 'slack',
  parse,
  compose(config, notification, { destination }) {
    const part = (field: string): string => partText(notification, 'slack', field);
    const policy = readPolicy(part('deliveryPolicy'));
    if (!policy.ok) return policy;
    const message = composeMessage(config, notification);
    if (!message.ok) return message;
    const first = { channel: destination.recipient, ...message.value };
    const request = methodRequest(config, 'chat.postMessage', first);
    const key = part('groupingKey');
    if (key === '') return succeed({ kind: 'http', request });
    const isBroadcast = recordOf(notification.parts['slack'])['notifyBroadcast'] === true;
    const follow: Thread['follow'] = ({ channel, id }) => {
      const reply = { channel, ...message.value, thread_ts: id, ...(isBroadcast ? { reply_broadcast: true } : {}) };
      const update = { channel, ts: id, ...message.value };
      return [
        ...(policy.value === 'Update' ? [] : [methodRequest(config, 'chat.postMessage', reply)]),
        ...(policy.value === 'Post' ? [] : [methodRequest(config, 'chat.update', update)]),
      ];
    };
    return succeed({ kind: 'http', request, thread: { key, placeOf, follow, isGone } });
  },
  assess,
};

interface JsonObject {
  readonly [key: string]: Json;
}

/** What is shown, wherever it goes. */
function composeMessage(config: SlackConfig, notification: Notification): Result<JsonObject, string> {
  const part = (field: string): string => partText(notification, 'slack', field);
  const attachments = jsonObjects(part('attachments'), 'slack.attachments');
  if (!attachments.ok) return attachments;
  const blocks = jsonObjects(part('blocks'), 'slack.blocks');
  if (!blocks.ok) return blocks;
  const icon = iconFields(part('icon') === '' ? config.icon : part('icon'));
  if (!icon.ok) return icon;
  const username = part('username') === '' ? config.username : part('username');
  return succeed({
    text: notification.message,
    ...(username === '' ? {} : { username }),
    ...icon.value,
    ...(attachments.value.length === 0 ? {} : { attachments: attachments.value }),
    ...(blocks.value.length === 0 ? {} : { blocks: blocks.value }),
    ...(config.unfurls ? {} : { unfurl_links: false, unfurl_media: false }),
  });
}

function methodRequest({ apiUrl, token, insecure }: SlackConfig, method: string, body: JsonObject): MetricRequest {
  const headers = { authorization: `Bearer ${token}` };
  return jsonRequest({ url: `${apiUrl.replace(/\/+$/, '')}/${method}`, body, headers, insecure });
}

const policies = ['Post', 'PostAndUpdate', 'Update'] as const;

function readPolicy(text: string): Result<(typeof policies)[number], string> {
  const policy = policies.find((name) => name === text);
  if (policy !== undefined || text === '') return succeed(policy ?? 'Post');
  return fail(`slack.deliveryPolicy must be one of ${policies.join(', ')}`);
}

/** The answer names the channel by its id, which is what further requests need. */
function placeOf({ body }: ServiceAnswer): MessagePlace | undefined {
  const document = parseJsonDocument(body);
  const { channel, ts } = recordOf(document.ok ? document.value : null);
  const place = { channel: textOf(channel), id: textOf(ts) };
  return place.channel === '' || place.id === '' ? undefined : place;
}

/** Codes that tell that the first message of a thread cannot be used any more. */
const goneErrors: ReadonlySet<string> = new Set(['message_not_found', 'thread_not_found', 'cant_update_message']);

function isGone({ body }: ServiceAnswer): boolean {
  const document = parseJsonDocument(body);
  return goneErrors.has(textOf(recordOf(document.ok ? document.value : null)['error']));
}

function parse(configuration: Json): Result<SlackConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const token = fields.secret('token');
  if (token === '' || !isHeaderValue(token)) fields.refuse('token', 'give the token of a Slack app');
  const url = fields.httpUrl('apiURL', 'https://slack.com/api/');
  const config = {
    token,
    apiUrl: url?.href ?? '',
    username: fields.text('username', ''),
    icon: fields.text('icon', ''),
    unfurls: !fields.flag('disableUnfurl', false),
    insecure: fields.flag('insecureSkipVerify', false),
  };
  const errors = fields.errors();
  return errors.length > 0 ? fail(errors) : succeed(config);
}

function iconFields(icon: string): Result<JsonObject, string> {
  if (icon === '') return succeed({});
  if (/^:.+:$/.test(icon)) return succeed({ icon_emoji: icon });
  const { protocol = '' } = URL.parse(icon) ?? {};
  if (protocol === 'http:' || protocol === 'https:') return succeed({ icon_url: icon });
  return fail('the icon is neither an emoji such as ":rocket:" nor a URL');
}

/** Codes of errors after which the same message may be taken later. */
const passingErrors: ReadonlySet<string> = new Set([
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
]);

/** Slack answers most refusals with the status 200 and `ok: false`. */
function assess(answer: ServiceAnswer): DeliveryOutcome {
  const outcome = assessStatus(answer);
  if (outcome.kind === 'failed') return outcome;
  const document = parseJsonDocument(answer.body);
  const { ok, error } = recordOf(document.ok ? document.value : null);
  if (ok === true) return { kind: 'sent' };
  const code = /^[a-z_]{1,64}$/.exec(textOf(error))?.[0] ?? 'an answer that is not understood';
  const isFinal = textOf(error) !== '' && !passingErrors.has(code);
  return { kind: 'failed', isFinal, message: `Slack says: ${code}` };
}
