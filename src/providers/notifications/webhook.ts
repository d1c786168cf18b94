import type { FieldErrors } from '../../api/field-error.ts';
import { recordOf, textOf } from '../../api/json-access.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { basicCredentials } from '../metrics/authentication.ts';
import { ConfigReader } from '../metrics/config-reader.ts';
import type { MetricRequest } from '../metrics/contract.ts';
import { readHeaders } from '../metrics/request-headers.ts';
import { requestBounds, type NotificationService } from './contract.ts';

/** Where and how requests are sent. */
export interface WebhookConfig {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly insecure: boolean;
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/**
 * Any server. Method, path and body come from the part `webhook.<name of the service>` of the template; without it, the
 * message is the body. GET unless the template says otherwise.
 */
export const webhook: NotificationService<WebhookConfig> = {
  type: 'webhook',
  parse,
  compose({ url, headers, insecure }, { message, parts }, { destination }) {
    const part = recordOf(recordOf(parts['webhook'])[destination.service]);
    const given = textOf(part['method']).trim().toUpperCase();
    const method = methods.find((candidate) => candidate === (given === '' ? 'GET' : given));
    if (method === undefined) return fail(`the method "${given}" is none of ${methods.join(', ')}`);
    const path = textOf(part['path']).trim();
    const address = path === '' ? url : `${url.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
    if (!URL.canParse(address)) return fail('the path makes no URL');
    if (URL.parse(address)?.host !== URL.parse(url)?.host) return fail('the path leads to another host');
    const body = Object.hasOwn(part, 'body') ? textOf(part['body']) : message;
    const request: MetricRequest = {
      id: 'notification',
      url: address,
      method,
      headers,
      ...(body === '' ? {} : { body }),
      ...(insecure ? { insecure } : {}),
      ...requestBounds,
    };
    return succeed({ kind: 'http', request });
  },
};

function parse(configuration: Json): Result<WebhookConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const url = fields.httpUrl('url');
  const basic = fields.nested('basicAuth');
  const credentials = basicCredentials(basic.secret('username'), basic.secret('password'));
  const headers = {
    ...readHeaders(fields, 'headers', 'name'),
    ...(fields.has('basicAuth') ? { authorization: `Basic ${credentials}` } : {}),
  };
  const insecure = fields.flag('insecureSkipVerify', false);
  const errors = fields.errors();
  return errors.length > 0 || url === undefined ? fail(errors) : succeed({ url: url.href, headers, insecure });
}
