import type { FieldErrors } from '../../api/field-error.ts';
import { recordOf, textOf } from '../../api/json-access.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from '../metrics/config-reader.ts';
import { parseJsonDocument } from '../metrics/json-document.ts';
import { isHeaderValue } from '../metrics/request-headers.ts';
import { assessStatus, type DeliveryOutcome, type NotificationService, type ServiceAnswer } from './contract.ts';
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
 * Slack, by `chat.postMessage` of its Web API with a bot's token. The recipient is a channel. Threads (`groupingKey`)
 * would need a memory of messages, so every message is posted by itself.
 */
export const slack: NotificationService<SlackConfig> = {
  type: 'slack',
  parse,
  compose(config, notification, { destination }) {
    const part = (field: string): string => partText(notification, 'slack', field);
    const attachments = jsonObjects(part('attachments'), 'slack.attachments');
    if (!attachments.ok) return attachments;
    const blocks = jsonObjects(part('blocks'), 'slack.blocks');
    if (!blocks.ok) return blocks;
    const icon = iconFields(part('icon') === '' ? config.icon : part('icon'));
    if (!icon.ok) return icon;
    const username = part('username') === '' ? config.username : part('username');
    const body: Json = {
      channel: destination.recipient,
      text: notification.message,
      ...(username === '' ? {} : { username }),
      ...icon.value,
      ...(attachments.value.length === 0 ? {} : { attachments: attachments.value }),
      ...(blocks.value.length === 0 ? {} : { blocks: blocks.value }),
      ...(config.unfurls ? {} : { unfurl_links: false, unfurl_media: false }),
    };
    const headers = { authorization: `Bearer ${config.token}` };
    const url = `${config.apiUrl.replace(/\/+$/, '')}/chat.postMessage`;
    return succeed({ kind: 'http', request: jsonRequest({ url, body, headers, insecure: config.insecure }) });
  },
  assess,
};

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

function iconFields(icon: string): Result<{ readonly [key: string]: Json }, string> {
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
