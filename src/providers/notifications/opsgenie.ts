import type { FieldErrors } from '../../api/field-error.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from '../metrics/config-reader.ts';
import { isHeaderValue } from '../metrics/request-headers.ts';
import type { NotificationService } from './contract.ts';
import { jsonRequest } from './json-request.ts';
import { partText } from './part-reader.ts';

/** Keys of integrations by recipient. */
export interface OpsgenieConfig {
  readonly keys: ReadonlyMap<string, string>;
  readonly apiUrl: string;
}

/** Characters that fields of an alert may have. */
const limits = { message: 130, alias: 512, description: 15_000 } as const;

/**
 * Opsgenie, by creating an alert. The recipient is a team and a name under `apiKeys`. Unless the template gives an
 * alias the delivery's own is used, so one that arrives twice makes one alert.
 */
export const opsgenie: NotificationService<OpsgenieConfig> = {
  type: 'opsgenie',
  parse,
  compose({ keys, apiUrl }, notification, { destination, id }) {
    const key = keys.get(destination.recipient);
    if (key === undefined) return fail(`apiKeys has no "${destination.recipient}"`);
    const part = (field: string): string => partText(notification, 'opsgenie', field);
    const priority = part('priority').trim();
    if (!/^(?:P[1-5])?$/.test(priority)) return fail(`the priority "${priority}" is none of P1, P2, P3, P4, P5`);
    if (notification.message.trim() === '') return fail('the message is empty');
    const body: Json = {
      message: cut(notification.message, limits.message),
      alias: cut(part('alias') === '' ? id : part('alias'), limits.alias),
      ...(part('description') === '' ? {} : { description: cut(part('description'), limits.description) }),
      ...(priority === '' ? {} : { priority }),
      responders: [{ name: destination.recipient, type: 'team' }],
      source: 'Sluice',
    };
    const url = `${apiUrl.replace(/\/+$/, '')}/v2/alerts`;
    return succeed({
      kind: 'http',
      request: jsonRequest({ url, body, headers: { authorization: `GenieKey ${key}` } }),
    });
  },
};

function cut(text: string, length: number): string {
  return Array.from(text).slice(0, length).join('');
}

function parse(configuration: Json): Result<OpsgenieConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const reader = fields.nested('apiKeys');
  const keys = new Map(
    Object.keys(fields.peek('apiKeys')).map((name) => {
      const key = reader.secret(name);
      if (key === '' || !isHeaderValue(key)) reader.refuse(name, 'give the key of an API integration');
      return [name, key] as const;
    }),
  );
  // Configurations are in use that name only the host.
  const given = fields.text('apiUrl', '').trim();
  const url = given === '' ? 'https://api.opsgenie.com' : given.includes('://') ? given : `https://${given}`;
  if (!/^https?:\/\/\S+$/.test(url) || !URL.canParse(url)) fields.refuse('apiUrl', 'it must be a URL or a host');
  const errors = fields.errors();
  return errors.length > 0 ? fail(errors) : succeed({ keys, apiUrl: url });
}
