/**
 * The catalogue of operational errors. A code is part of the interface: the HTTP API, the CLI and conditions show it.
 *
 * - `retry`: trying the same again later may work; back off.
 * - `wait`: nothing to do until something else changes (a watch event will come).
 * - `terminal`: the same request can never work; a person must change something.
 */
export const errorCatalogue = {
  Conflict: { retry: 'retry', httpStatus: 409, exitCode: 1 },
  AlreadyExists: { retry: 'terminal', httpStatus: 409, exitCode: 1 },
  NotFound: { retry: 'wait', httpStatus: 404, exitCode: 1 },
  Gone: { retry: 'retry', httpStatus: 410, exitCode: 1 },
  Invalid: { retry: 'terminal', httpStatus: 422, exitCode: 1 },
  BadRequest: { retry: 'terminal', httpStatus: 400, exitCode: 1 },
  UnsupportedMediaType: { retry: 'terminal', httpStatus: 415, exitCode: 1 },
  TooLarge: { retry: 'terminal', httpStatus: 413, exitCode: 1 },
  Unauthorized: { retry: 'retry', httpStatus: 401, exitCode: 1 },
  Forbidden: { retry: 'wait', httpStatus: 403, exitCode: 1 },
  MethodNotAllowed: { retry: 'terminal', httpStatus: 405, exitCode: 1 },
  TooManyRequests: { retry: 'retry', httpStatus: 429, exitCode: 1 },
  Unavailable: { retry: 'retry', httpStatus: 503, exitCode: 1 },
  Timeout: { retry: 'retry', httpStatus: 504, exitCode: 1 },
  Internal: { retry: 'retry', httpStatus: 500, exitCode: 1 },
  NotLeader: { retry: 'retry', httpStatus: 503, exitCode: 1 },
  Cancelled: { retry: 'terminal', httpStatus: 499, exitCode: 130 },
  Usage: { retry: 'terminal', httpStatus: 400, exitCode: 2 },
  StaleCommand: { retry: 'terminal', httpStatus: 409, exitCode: 1 },
  PortInUse: { retry: 'terminal', httpStatus: 500, exitCode: 1 },
  StateInUse: { retry: 'terminal', httpStatus: 500, exitCode: 1 },
  StateUnreadable: { retry: 'terminal', httpStatus: 500, exitCode: 1 },
  SourceUnreadable: { retry: 'retry', httpStatus: 502, exitCode: 1 },
  MetricUnreachable: { retry: 'retry', httpStatus: 502, exitCode: 1 },
} as const satisfies Record<string, ErrorTraits>;

/** How a failure with some code is treated and shown. */
export interface ErrorTraits {
  readonly retry: 'retry' | 'wait' | 'terminal';
  readonly httpStatus: number;
  readonly exitCode: number;
}

/** A code of the catalogue. */
export type ErrorCode = keyof typeof errorCatalogue;

/** An operational error: something outside did not do what was asked. Never used for our own bugs. */
export class SluiceError extends Error {
  override readonly name = 'SluiceError';
  readonly code: ErrorCode;
  /** Earliest sensible time to try again, in milliseconds from now, when the other side said so. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }

  get traits(): ErrorTraits {
    return errorCatalogue[this.code];
  }
}

/** True for a SluiceError with one of the codes. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is SluiceError {
  return error instanceof SluiceError && codes.includes(error.code);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
