import { parseInstant } from '../../base/instant.ts';
import type { AwsCredentials } from '../sign-request.ts';

/** Credentials that somebody lends, and when they end. */
export interface LentCredentials {
  readonly credentials: AwsCredentials;
  /** In milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** Bounds of a request for credentials. */
export const lendingBounds = { id: 'credentials', timeoutMs: 10_000, bodyBytesMax: 64 * 1024 } as const;

/** The credentials as they stand in an answer; undefined when a part of them is missing. */
export function lentCredentials(parts: {
  readonly accessKeyId: string | undefined;
  readonly secretAccessKey: string | undefined;
  readonly sessionToken: string | undefined;
  /** RFC 3339. */
  readonly expiration: string | undefined;
}): LentCredentials | undefined {
  const { accessKeyId = '', secretAccessKey = '', sessionToken = '', expiration = '' } = parts;
  const expiresAtMs = parseInstant(expiration);
  if (accessKeyId === '' || secretAccessKey === '' || sessionToken === '' || expiresAtMs === undefined)
    return undefined;
  return { credentials: { accessKeyId, secretAccessKey, sessionToken }, expiresAtMs };
}
