import { textOf } from '../../api/json-access.ts';
import type { Json } from '../../api/object.ts';
import type { ErrorCode } from '../../base/error.ts';
import type { MetricOutcome } from './contract.ts';
import { parseJsonDocument } from './json-document.ts';

/** Characters of a vendor's own words that are shown. */
const wordsMax = 300;

const codes: Readonly<Record<number, ErrorCode>> = {
  401: 'Unauthorized',
  403: 'Unauthorized',
  429: 'TooManyRequests',
};

/** An outcome that is an error. */
type FailedOutcome = Extract<MetricOutcome, { kind: 'error' }>;

/** The error that a status other than 2xx stands for, with the vendor's own words as far as it has any. */
export function refusal(title: string, status: number, words = ''): FailedOutcome {
  const redirect = status >= 300 && status < 400 ? '; redirects are not followed' : '';
  const message = `${title} answered with status ${status}${redirect}${words === '' ? '' : `: ${words}`}`;
  return { kind: 'error', code: codes[status] ?? 'MetricUnreachable', message };
}

/** An error in an answer that looked well by its status. */
export function badAnswer(message: string): FailedOutcome {
  return { kind: 'error', code: 'MetricUnreachable', message };
}

/** True for a status that says that the request was carried out. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Texts from an answer as one line that is not too long; whatever is no text is left out. */
export function vendorWords(...texts: readonly unknown[]): string {
  const line = texts
    .flatMap(
      (text) =>
        textOf(text)
          .slice(0, 4 * wordsMax)
          .replaceAll(/\s+/g, ' ')
          .trim() || [],
    )
    .join('; ');
  return line.length <= wordsMax ? line : `${line.slice(0, wordsMax - 1).toWellFormed()}…`;
}

/** The JSON in a body; null when it is none. */
export function jsonOf(body: string): Json {
  const document = parseJsonDocument(body);
  return document.ok ? document.value : null;
}
