import type { Json } from './object.ts';

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
