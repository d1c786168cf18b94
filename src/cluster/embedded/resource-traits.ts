import { apiVersionOf, type Json, type KubeObject, type ResourceType } from '../../api/object.ts';
import { SluiceError } from '../../base/error.ts';
import type { FieldSet } from './fields/field-set.ts';
import type { MapType } from './fields/field-type.ts';
import type { JsonRecord } from './json.ts';

/** Where the scale subresource finds its numbers: paths such as `.spec.replicas`. */
export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string;
}

/**
 * What makes one kind differ from another. The defaults of most kinds are in `custom-resources.ts` and in
 * `builtin/builtin-resources.ts`.
 */
export interface ResourceTraits {
  readonly type: ResourceType;
  /** Defined by a CustomResourceDefinition: no strategic merge, no unconditional update. */
  readonly custom: boolean;
  readonly fieldType: MapType;
  /** What a new object is compared with: members that the server's own empty object has are not counted as added. */
  readonly blank: JsonRecord;
  readonly hasStatus: boolean;
  readonly scale: ScalePaths | undefined;
  /** Fields that a write to the main resource, or to the status subresource, cannot set. */
  readonly reset: { readonly main: FieldSet; readonly status: FieldSet };
  /** A status write also takes labels, annotations and finalizers. */
  readonly statusTakesMetadata: boolean;
  /** Whether a change of the object is one of what is wanted. Kinds without a generation have undefined. */
  readonly bumpsGeneration: ((previous: JsonRecord, next: JsonRecord) => boolean) | undefined;
  /** An update without resourceVersion is taken as it is. */
  readonly unconditionalUpdate: boolean;
  /** An update of an object that is not there creates it. */
  readonly createOnUpdate: boolean;
  /** Field selectors this kind knows besides metadata.name and metadata.namespace. */
  readonly selectableFields: readonly string[];
  /** What is wrong with a name. */
  readonly nameProblems: (name: string) => readonly string[];
  /** Prunes and defaults what a client sent. Throws Invalid with all problems of the schema. */
  readonly admit: (object: JsonRecord, previous: JsonRecord | undefined) => JsonRecord;
  /** Sets what the server itself decides at creation. */
  readonly prepareCreate: (object: JsonRecord, siblings: Siblings) => JsonRecord;
  /** Rules beyond the schema, as texts `field: problem`. */
  readonly problems: (object: JsonRecord, previous: JsonRecord | undefined) => readonly string[];
  /** Seconds that a deletion waits for somebody to finish it; undefined when the kind has no graceful deletion. */
  readonly gracePeriod: ((object: JsonRecord, asked: number | undefined) => number) | undefined;
  /** Kinds whose deletion is finished by the server itself (a namespace with its content): how it looks until then. */
  readonly markDeleted: ((object: JsonRecord) => JsonRecord) | undefined;
}

/** What is already stored of the same kind. */
export interface Siblings {
  all(): Iterable<KubeObject>;
}

/** `replicasets.apps`, the name of a resource in messages and keys. */
export function resourceName(type: ResourceType): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`;
}

/** The refusal of a whole object, in the API server's words: every problem at once. */
export function invalidObject(type: ResourceType, name: string, problems: readonly string[]): SluiceError {
  const kind = type.group === '' ? type.kind : `${type.kind}.${type.group}`;
  const list = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`;
  return new SluiceError('Invalid', `${kind} ${JSON.stringify(name)} is invalid: ${list}`);
}

/** The object is not there. */
export function notFound(type: ResourceType, name: string): SluiceError {
  return new SluiceError('NotFound', `${resourceName(type)} ${JSON.stringify(name)} not found`);
}

/** The write cannot be done on the object as it now is. */
export function conflict(type: ResourceType, name: string, reason: string): SluiceError {
  return new SluiceError(
    'Conflict',
    `Operation cannot be fulfilled on ${resourceName(type)} ${JSON.stringify(name)}: ${reason}`,
  );
}

/** Refuses an object that says it is of another kind than the resource it is sent to. */
export function checkKind(traits: ResourceTraits, object: { readonly apiVersion?: Json; readonly kind?: Json }): void {
  const { type, custom } = traits;
  const [apiVersion, kind] = [object.apiVersion ?? '', object.kind ?? ''];
  if (apiVersion === apiVersionOf(type) && kind === type.kind) return;
  const problem =
    `the object is ${JSON.stringify(apiVersion)} ${JSON.stringify(kind)}, ` +
    `but ${resourceName(type)} takes ${JSON.stringify(apiVersionOf(type))} ${JSON.stringify(type.kind)}`;
  // A custom resource is decoded whatever its kind, and validated later.
  const isDecoded = custom && apiVersion === apiVersionOf(type) && kind !== '';
  throw new SluiceError(isDecoded ? 'Invalid' : 'BadRequest', problem);
}
