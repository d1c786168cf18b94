import type { FieldErrors } from '../../api/field-error.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from '../metrics/config-reader.ts';
import { isHeaderValue } from '../metrics/request-headers.ts';
import type { NotificationService } from './contract.ts';
import { jsonRequest } from './json-request.ts';
import { partText } from './part-reader.ts';

/** Who creates incidents. */
export interface PagerDutyConfig {
  readonly token: string;
  /** Address of a user of the account. */
  readonly from: string;
  /** Used where the subscription names no service. */
  readonly serviceId: string;
  readonly apiUrl: string;
}

/** PagerDuty, by creating an incident in its REST API. The recipient is the id of a service there. */
export const pagerDuty: NotificationService<PagerDutyConfig> = {
  type: 'pagerduty',
  parse,
  compose({ token, from, serviceId, apiUrl }, notification, { destination }) {
    const part = (field: string): string => partText(notification, 'pagerduty', field);
    const id = destination.recipient === '' ? serviceId : destination.recipient;
    if (id === '') return fail('the recipient must be the id of a service of PagerDuty');
    const title = part('title') === '' ? notification.message : part('title');
    if (title.trim() === '') return fail('pagerduty.title is empty, and so is the message');
    const [urgency, priority, details] = [part('urgency'), part('priorityID'), part('body')];
    const incident: Json = {
      type: 'incident',
      title,
      service: { id, type: 'service_reference' },
      ...(urgency === '' ? {} : { urgency }),
      ...(priority === '' ? {} : { priority: { id: priority, type: 'priority_reference' } }),
      ...(details === '' ? {} : { body: { type: 'incident_body', details } }),
    };
    const headers = {
      accept: 'application/vnd.pagerduty+json;version=2',
      authorization: `Token token=${token}`,
      ...(from === '' ? {} : { from }),
    };
    const url = `${apiUrl.replace(/\/+$/, '')}/incidents`;
    return succeed({ kind: 'http', request: jsonRequest({ url, body: { incident }, headers }) });
  },
};

function parse(configuration: Json): Result<PagerDutyConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const token = fields.secret('token');
  if (token === '' || !isHeaderValue(token)) fields.refuse('token', 'give a key of the REST API of PagerDuty');
  const from = fields.text('from', '').trim();
  if (!isHeaderValue(from)) fields.contradict('from', 'give the address of a user of the account');
  const serviceId = fields.text('serviceID', '').trim();
  const url = fields.httpUrl('apiURL', 'https://api.pagerduty.com');
  const errors = fields.errors();
  return errors.length > 0 || url === undefined ? fail(errors) : succeed({ token, from, serviceId, apiUrl: url.href });
}
