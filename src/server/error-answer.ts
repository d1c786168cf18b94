import { textOf } from '../api/json-access.ts';
import { list, object, text } from '../api/schema.ts';
import { errorCatalogue, SluiceError, type ErrorCode } from '../base/error.ts';

/** Schema of what the API answers instead of a result. */
export const errorSchema = object(
  { code: text, message: text },
  { details: list(object({ field: text, message: text }, {})) },
);

/** An error as the API answers it: a code of the catalogue, one line, and the fields that are wrong. */
export interface ErrorAnswer {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: readonly { readonly field: string; readonly message: string }[];
}

/** An error with its HTTP status. `isOurs` marks a bug of ours, of which the caller learns nothing. */
export interface AnsweredError {
  readonly status: number;
  readonly body: ErrorAnswer;
  readonly isOurs: boolean;
}

/** One complaint of the schema validation. */
interface SchemaComplaint {
  readonly instancePath: string;
  readonly message?: string | undefined;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** What the framework throws. */
interface FrameworkError {
  readonly code?: string;
  readonly statusCode?: number;
  readonly message?: string;
  readonly validation?: readonly SchemaComplaint[];
  readonly validationContext?: string;
}

const detailsMax = 20;

/** The answer to anything that was thrown while a request was served. */
export function answerError(error: unknown): AnsweredError {
  if (error instanceof SluiceError) return answer(error.code, error.message);
  // Whatever else the framework throws is an Error with a status.
  const thrown = error as FrameworkError;
  if (thrown.validation !== undefined) return answerValidation(thrown.validation, thrown.validationContext ?? 'body');
  const code = codeOf(thrown);
  if (code !== undefined) return answer(code, clientMessages[code] ?? thrown.message ?? '');
  return { ...answer('Internal', 'the server met a bug; its log tells more'), isOurs: true };
}

const clientMessages: Partial<Record<ErrorCode, string>> = {
  TooLarge: 'the request is too large',
  UnsupportedMediaType: 'send application/json',
  Timeout: 'the request took too long',
};

function answer(code: ErrorCode, message: string, details?: ErrorAnswer['details']): AnsweredError {
  const body = { code, message, ...(details === undefined ? {} : { details }) };
  return { status: errorCatalogue[code].httpStatus, body, isOurs: false };
}

function codeOf({ code = '', statusCode = 500 }: FrameworkError): ErrorCode | undefined {
  if (code === 'FST_ERR_HANDLER_TIMEOUT') return 'Timeout';
  if (statusCode === 413) return 'TooLarge';
  if (statusCode === 415) return 'UnsupportedMediaType';
  if (statusCode === 404) return 'NotFound';
  return statusCode >= 400 && statusCode < 500 ? 'BadRequest' : undefined;
}

function answerValidation(complaints: readonly SchemaComplaint[], context: string): AnsweredError {
  const details = complaints.slice(0, detailsMax).map((complaint) => ({
    field: fieldOf(complaint, context),
    message: complaintText(complaint),
  }));
  return answer('BadRequest', details.map(({ field, message }) => `${field}: ${message}`).join('; '), details);
}

function fieldOf({ instancePath, params = {} }: SchemaComplaint, context: string): string {
  const property = textOf(params['missingProperty']) || textOf(params['additionalProperty']);
  const path = [...instancePath.split('/'), property].filter((part) => part !== '');
  return path.length === 0 ? context : path.join('.');
}

function complaintText({ message = 'is wrong', params = {} }: SchemaComplaint): string {
  if (params['missingProperty'] !== undefined) return 'is missing';
  if (params['additionalProperty'] !== undefined) return 'is not known here';
  const allowed = params['allowedValues'];
  return Array.isArray(allowed) ? `must be one of ${allowed.join(', ')}` : message;
}
