import type { FieldErrors } from '../../api/field-error.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from '../metrics/config-reader.ts';
import { isHeaderValue } from '../metrics/request-headers.ts';
import type { NotificationService } from './contract.ts';
import { jsonRequest } from './json-request.ts';
import { partText } from './part-reader.ts';

/** The Grafana that is annotated. */
export interface GrafanaConfig {
  /** Ends in `/api`. */
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly tags: string;
  readonly insecure: boolean;
}

/** Grafana, by an annotation of the organisation. The recipient is one tag or several, divided by `|`. */
export const grafana: NotificationService<GrafanaConfig> = {
  type: 'grafana',
  parse,
  compose({ apiUrl, apiKey, tags, insecure }, notification, { destination, nowMs }) {
    const given = [destination.recipient, partText(notification, 'grafana', 'tags'), tags];
    const all = given.flatMap((text) => text.split('|').map((tag) => tag.trim()));
    const body: Json = {
      time: nowMs,
      tags: [...new Set(all.filter((tag) => tag !== ''))],
      text: notification.message,
    };
    const url = `${apiUrl.replace(/\/+$/, '')}/annotations`;
    const headers = { authorization: `Bearer ${apiKey}` };
    return succeed({ kind: 'http', request: jsonRequest({ url, body, headers, insecure }) });
  },
};

function parse(configuration: Json): Result<GrafanaConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const url = fields.httpUrl('apiUrl');
  const apiKey = fields.secret('apiKey');
  if (apiKey === '' || !isHeaderValue(apiKey)) fields.refuse('apiKey', 'give a token of a service account');
  const tags = fields.text('tags', '');
  const insecure = fields.flag('insecureSkipVerify', false);
  const errors = fields.errors();
  if (errors.length > 0 || url === undefined) return fail(errors);
  return succeed({ apiUrl: url.href, apiKey, tags, insecure });
}
