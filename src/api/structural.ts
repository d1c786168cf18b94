import type { Json } from './object.ts';
import { checkStructural, matcher } from './structural-check.ts';
import { listErrors } from './structural-list.ts';
import { storedForm } from './structural-shape.ts';
import { schemaErrors, type Validation } from './structural-validate.ts';

/** What an API server makes of a value: the form it would store, and everything for which it would refuse it. */
export interface Admission {
  readonly value: Json;
  /** Empty when the value is admitted. */
  readonly errors: readonly FieldError[];
}

/** One reason to refuse a value. */
export interface FieldError {
  /** Full path, e.g. `spec.template.spec.containers[0].ports[0].containerPort`; empty for the value itself. */
  readonly field: string;
  /** The cause as a Kubernetes Status object names it. */
  readonly reason: FieldErrorReason;
  /** The value that is wrong; for a missing field the empty text, for a wrong number of parts that number. */
  readonly value: Json;
  /** What would be right, to be read after the field's name. */
  readonly message: string;
}

/** metav1.CauseType of a field. */
export type FieldErrorReason =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueTypeInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany';

/** How a value is admitted. */
export interface AdmissionOptions {
  /** The whole object of a custom resource: apiVersion, kind and metadata are kept. The default is a part of one. */
  readonly isResource?: boolean;
  /** Path of the value, in front of the paths of the errors. */
  readonly path?: string;
  /** The stored value that is being changed: what was wrong in it already and stays the same is not an error. */
  readonly previous?: Json;
}

/**
 * Applies a structural schema as an API server does to a custom resource: defaults are filled in, unknown fields and
 * null where it is not allowed go, and everything that is wrong is told at once. Throws a SluiceError (Invalid) when
 * the schema is not structural, or holds a check that this code cannot do.
 */
export function admit(schema: StructuralSchema, value: Json, options: AdmissionOptions = {}): Admission {
  const { isResource = false, path = '', previous } = options;
  const validation = validationOf(schema);
  const stored = storedForm(schema, value, isResource);
  const before = previous === undefined ? undefined : storedForm(schema, previous, isResource);
  const wrongLists = listErrors(schema, stored, path);
  // Lists that broke their promise before may stay as they are.
  const isOldFault = before !== undefined && listErrors(schema, before, path).length > 0;
  const errors = [...schemaErrors(schema, stored, path, before, validation), ...(isOldFault ? [] : wrongLists)];
  return { value: stored, errors };
}

/** A memo only: what is kept for a schema follows from the schema. */
const validations = new WeakMap<StructuralSchema, Validation>();

function validationOf(schema: StructuralSchema): Validation {
  const known = validations.get(schema);
  if (known !== undefined) return known;
  const validation: Validation = { matches: matcher(checkStructural(schema)) };
  validations.set(schema, validation);
  return validation;
}

/** The checks on a value that may also stand inside anyOf, oneOf, allOf and not (where nothing else may). */
export interface ValueValidation {
  /** Inside anyOf and allOf only as the two alternatives of an int-or-string. */
  readonly type?: StructuralType;
  readonly format?: string;
  readonly enum?: readonly Json[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, ValueValidation>>;
  readonly items?: ValueValidation;
  readonly anyOf?: readonly ValueValidation[];
  readonly oneOf?: readonly ValueValidation[];
  readonly allOf?: readonly ValueValidation[];
  readonly not?: ValueValidation;
}

/** A rule of x-kubernetes-validations. Only the rule `self == oldSelf` (immutable) is evaluated. */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
}

/** The types that a structural schema can name. */
export type StructuralType = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';

/**
 * A schema as apiextensions.k8s.io/v1 accepts it: the structural subset of OpenAPI v3 with the x-kubernetes extensions.
 * Source of the rules: the CustomResourceDefinition documentation, "Specifying a structural schema".
 */
export interface StructuralSchema extends ValueValidation {
  readonly title?: string;
  readonly description?: string;
  readonly nullable?: boolean;
  readonly default?: Json;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema | boolean;
  readonly items?: StructuralSchema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-embedded-resource'?: true;
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}
