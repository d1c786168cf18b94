import { createHash, createHmac } from 'node:crypto';

import { formatInstant } from '../base/instant.ts';
import type { AwsSigning, MetricRequest } from '../providers/metrics/contract.ts';

/** Credentials of AWS; those that are only lent come with a session token. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * The request with the headers of AWS Signature Version 4 (AWS documentation, "Create a signed AWS API request"). All
 * its own headers are signed too; the path is encoded twice, as every service but S3 wants it.
 */
export function signRequest(
  request: MetricRequest,
  { service, region }: Pick<AwsSigning, 'service' | 'region'>,
  credentials: AwsCredentials,
  nowMs: number,
): MetricRequest {
  const url = new URL(request.url);
  const time = formatInstant(nowMs).replaceAll(/[-:]/g, '');
  const headers: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value])),
    host: url.host,
    'x-amz-date': time,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const signedHeaders = names.join(';');
  const canonical = [
    request.method ?? 'GET',
    canonicalPath(url),
    canonicalQuery(url),
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}`),
    '',
    signedHeaders,
    hash(request.body ?? ''),
  ].join('\n');
  const scope = [time.slice(0, 8), region, service, 'aws4_request'];
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), hash(canonical)].join('\n');
  const key = scope.reduce<string | Buffer>(
    (secret, part) => keyed(secret, part),
    `AWS4${credentials.secretAccessKey}`,
  );
  const authorization = [
    `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope.join('/')}`,
    `SignedHeaders=${signedHeaders}`,
    `Signature=${keyed(key, text).toString('hex')}`,
  ].join(', ');
  return { ...request, headers: { ...headers, authorization } };
}

function canonicalPath({ pathname }: URL): string {
  return pathname.split('/').map(encode).join('/');
}

/** Sorted by name, and by value where names are the same, as they are encoded. */
function canonicalQuery({ searchParams }: URL): string {
  return Array.from(searchParams, ([name, value]) => [encode(name), encode(value)] as const)
    .sort(([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Everything is encoded but what RFC 3986 calls unreserved. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function keyed(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
