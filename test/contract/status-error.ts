import { SluiceError, type ErrorCode } from '../../src/base/error.ts';

/** Reasons of a metav1.Status that name a code of ours; what is not here follows from the HTTP status. */
const codesByReason: ReadonlyMap<string, ErrorCode> = new Map([
  ['Conflict', 'Conflict'],
  ['AlreadyExists', 'AlreadyExists'],
  ['NotFound', 'NotFound'],
  ['Gone', 'Gone'],
  ['Expired', 'Gone'],
  ['Invalid', 'Invalid'],
  ['BadRequest', 'BadRequest'],
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
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [405, 'MethodNotAllowed'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [413, 'TooLarge'],
  [415, 'UnsupportedMediaType'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [503, 'Unavailable'],
  [504, 'Timeout'],
]);

/** The API server passes this on from etcd as an internal error. */
const etcdTooLarge = 'etcdserver: request is too large';

/** The error that an API server's answer (or the object of a watch's ERROR event) stands for. */
export function statusError(httpStatus: number, body: unknown, retryAfter?: string): SluiceError {
  const status = statusOf(body);
  const message = status.message ?? `HTTP status ${httpStatus}`;
  const code = message === etcdTooLarge ? 'TooLarge' : codeOf(status, httpStatus);
  const seconds = status.details?.retryAfterSeconds ?? Number(retryAfter);
  return new SluiceError(code, message, Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {});
}

function codeOf(status: StatusBody, httpStatus: number): ErrorCode {
  return codesByReason.get(status.reason ?? '') ?? codesByStatus.get(status.code ?? httpStatus) ?? 'Internal';
}

/** Proxies answer with text instead of a Status. */
function statusOf(body: unknown): StatusBody {
  if (typeof body === 'object' && body !== null) return body;
  return typeof body === 'string' && body !== '' ? { message: body } : {};
}

/** The part of metav1.Status that is read. */
interface StatusBody {
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
  readonly details?: { readonly retryAfterSeconds?: number };
}
