import type { FieldErrors } from '../../api/field-error.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from '../metrics/config-reader.ts';
import type { NotificationService } from './contract.ts';
import { jsonRequest } from './json-request.ts';
import { partText } from './part-reader.ts';

/** Integration keys by recipient. */
export interface PagerDutyEventsConfig {
  readonly keys: ReadonlyMap<string, string>;
  readonly apiUrl: string;
}

const severities = ['critical', 'error', 'warning', 'info'] as const;
/** Characters of a summary; a longer one is refused. */
const summaryLengthMax = 1024;

/**
 * PagerDuty, by its Events API version 2. The recipient is a name under `serviceKeys`. The deduplication key is that of
 * the delivery, so one that arrives twice makes one alert.
 */
export const pagerDutyEvents: NotificationService<PagerDutyEventsConfig> = {
  type: 'pagerdutyv2',
  parse,
  compose({ keys, apiUrl }, notification, { destination, id }) {
    const routingKey = keys.get(destination.recipient);
    if (routingKey === undefined) return fail(`serviceKeys has no "${destination.recipient}"`);
    const part = (field: string): string => partText(notification, 'pagerdutyv2', field);
    const given = part('severity') === '' ? 'info' : part('severity').trim();
    const severity = severities.find((candidate) => candidate === given);
    if (severity === undefined) return fail(`the severity "${given}" is none of ${severities.join(', ')}`);
    const summary = part('summary') === '' ? notification.message : part('summary');
    if (summary.trim() === '') return fail('pagerdutyv2.summary is empty, and so is the message');
    const optional = ['component', 'group', 'class'].flatMap((field) =>
      part(field) === '' ? [] : [[field, part(field)] as const],
    );
    const body: Json = {
      routing_key: routingKey,
      event_action: 'trigger',
      dedup_key: id,
      client: 'Sluice',
      ...(part('url') === '' ? {} : { client_url: part('url') }),
      payload: {
        summary: Array.from(summary).slice(0, summaryLengthMax).join(''),
        severity,
        source: part('source') === '' ? 'sluice' : part('source'),
        ...Object.fromEntries(optional),
      },
    };
    const url = `${apiUrl.replace(/\/+$/, '')}/v2/enqueue`;
    return succeed({ kind: 'http', request: jsonRequest({ url, body }) });
  },
};

function parse(configuration: Json): Result<PagerDutyEventsConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const reader = fields.nested('serviceKeys');
  const keys = new Map(Object.keys(fields.peek('serviceKeys')).map((name) => [name, reader.secret(name)] as const));
  const url = fields.httpUrl('apiURL', 'https://events.pagerduty.com');
  const errors = fields.errors();
  return errors.length > 0 || url === undefined ? fail(errors) : succeed({ keys, apiUrl: url.href });
}
