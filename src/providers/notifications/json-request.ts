import type { Json } from '../../api/object.ts';
import type { MetricRequest } from '../metrics/contract.ts';
import { requestBounds } from './contract.ts';

/** What differs between requests that post a JSON document. */
export interface JsonPost {
  readonly url: string;
  /** A text is sent as it is: somebody wrote it as JSON. */
  readonly body: Json;
  readonly headers?: Readonly<Record<string, string>>;
  readonly insecure?: boolean;
}

/** A request that posts JSON. */
export function jsonRequest({ url, body, headers = {}, insecure = false }: JsonPost): MetricRequest {
  return {
    id: 'notification',
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(insecure ? { insecure } : {}),
    ...requestBounds,
  };
}
