import type { FieldError, FieldErrors } from '../../src/api/field-error.ts';

/** Input of a recorded validation case, as far as the rules look at it. */
export interface ValidationInput {
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** Where ours differs on purpose from what was recorded: when, why, and what is expected instead. */
export interface ValidationDifference {
  readonly name: string;
  readonly reason: string;
  readonly applies: (input: ValidationInput, expected: FieldErrors) => boolean;
  readonly expect: (expected: FieldErrors, actual: FieldErrors) => FieldErrors;
}

/** A recorded error also has its whole text, which holds the value. */
type RecordedError = FieldError & { readonly message?: string };

const samePlace = (left: RecordedError, right: RecordedError): boolean =>
  left.field === right.field &&
  left.type === right.type &&
  left.detail === right.detail &&
  left.message === right.message;

interface VirtualServiceInput {
  readonly spec?: { readonly http?: unknown; readonly tls?: unknown; readonly tcp?: unknown };
}

function virtualServicesOf(input: ValidationInput): readonly VirtualServiceInput[] {
  const referenced = input['referenced'] as { readonly virtualServices?: readonly VirtualServiceInput[] } | undefined;
  return referenced?.virtualServices ?? [];
}

function isWithoutRoutes({ spec = {} }: VirtualServiceInput): boolean {
  return [spec.http, spec.tls, spec.tcp].every((routes) => !Array.isArray(routes) || routes.length === 0);
}

/** Every deliberate difference of the validation. */
export const validationDifferences: readonly ValidationDifference[] = [
  {
    name: 'nothing is said twice',
    reason:
      'The reference says the same thing about the same field twice when two of its rules look there; once is enough.',
    applies: (_input, expected) =>
      expected.some((error, index) => expected.findIndex((other) => samePlace(error, other)) !== index),
    expect: (expected) =>
      expected.filter((error, index) => expected.findIndex((other) => samePlace(error, other)) === index),
  },
  {
    name: 'an unusable selector hides nothing',
    reason:
      'With an unusable selector the reference does not look at the template at all; ours reports every mistake at once.',
    applies: (_input, expected) =>
      expected.some(({ field, detail }) => field === 'spec.selector' && detail === 'invalid label selector'),
    expect: (expected, actual) => [...expected, ...actual.filter(({ field }) => field.startsWith('spec.template.'))],
  },
  {
    name: 'routes that are all empty',
    reason: 'A VirtualService with route lists that are all empty moves no traffic; the reference accepts it silently.',
    applies: (input) => virtualServicesOf(input).some((object) => isWithoutRoutes(object)),
    expect: (expected, actual) => [
      ...expected.filter(({ field }) => !field.includes('.istio.virtualService')),
      ...actual.filter(({ field }) => field.includes('.istio.virtualService')),
    ],
  },
];
