import { SluiceError, type ErrorCode } from '../../base/error.ts';
import { parseRetryAfter } from '../../base/retry-after.ts';

/** Reasons of a metav1.Status that say more than the HTTP status. */
const codesByReason: ReadonlyMap<string, ErrorCode> = new Map([
  ['Conflict', 'Conflict'],
  ['AlreadyExists', 'AlreadyExists'],
  ['NotFound', 'NotFound'],
  ['Gone', 'Gone'],
  ['Expired', 'Gone'],
  ['Invalid', 'Invalid'],
  ['BadRequest', 'BadRequest'],
  ['NotAcceptable', 'BadRequest'],
  ['UnsupportedMediaType', 'UnsupportedMediaType'],
  ['RequestEntityTooLarge', 'TooLarge'],
  ['Unauthorized', 'Unauthorized'],
  ['Forbidden', 'Forbidden'],
  ['MethodNotAllowed', 'MethodNotAllowed'],
  ['TooManyRequests', 'TooManyRequests'],
  ['ServiceUnavailable', 'Unavailable'],
  ['Timeout', 'Timeout'],
  ['ServerTimeout', 'Timeout'],
  ['InternalError', 'Internal'],
]);

const codesByStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [405, 'MethodNotAllowed'],
  [408, 'Timeout'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [413, 'TooLarge'],
  [415, 'UnsupportedMediaType'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [502, 'Unavailable'],
  [503, 'Unavailable'],
  [504, 'Timeout'],
]);

/** The API server passes this on from etcd as an internal error. */
const etcdTooLarge = 'etcdserver: request is too large';
/** Proxies answer with whole pages. */
const textCharactersMax = 300;
/** Longest pause that is believed. */
const retryAfterMsMax = 300_000;

/**
 * The error that an unsuccessful answer, or the object of a watch's ERROR event, stands for. The reason in the body
 * counts before the HTTP status. `retryAfter` is the header's value: seconds, or a date that is compared with `nowMs`.
 */
export function statusError(httpStatus: number, body: unknown, retryAfter?: string, nowMs = 0): SluiceError {
  const { reason, message: told, code: toldStatus, retryAfterSeconds } = readStatus(body);
  const message = told ?? `the API server answers with HTTP status ${httpStatus}`;
  const code =
    message === etcdTooLarge ? 'TooLarge' : (codesByReason.get(reason ?? '') ?? codeOf(toldStatus ?? httpStatus));
  const retryAfterMs = retryAfterSeconds === undefined ? parseRetryAfter(retryAfter, nowMs) : retryAfterSeconds * 1000;
  const isDelay = retryAfterMs !== undefined && Number.isFinite(retryAfterMs) && retryAfterMs >= 0;
  return new SluiceError(code, message, isDelay ? { retryAfterMs: Math.min(retryAfterMs, retryAfterMsMax) } : {});
}

function codeOf(httpStatus: number): ErrorCode {
  const known = codesByStatus.get(httpStatus);
  if (known !== undefined) return known;
  if (httpStatus >= 400 && httpStatus < 500) return 'BadRequest';
  // Something between us and the API server wants us elsewhere: it may be gone later.
  return httpStatus < 400 ? 'Unavailable' : 'Internal';
}

/** The part of metav1.Status that is read. */
interface StatusFields {
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
  readonly retryAfterSeconds?: number;
}

function readStatus(body: unknown): StatusFields {
  if (typeof body === 'string') {
    const text = body.replaceAll(/\s+/g, ' ').trim().slice(0, textCharactersMax);
    return text === '' ? {} : { message: text };
  }
  const { reason, message, code, details } = fieldsOf(body);
  const { retryAfterSeconds } = fieldsOf(details);
  return {
    ...(typeof reason === 'string' && { reason }),
    ...(typeof message === 'string' && message !== '' && { message }),
    ...(typeof code === 'number' && { code }),
    ...(typeof retryAfterSeconds === 'number' && { retryAfterSeconds }),
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
