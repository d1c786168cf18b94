import { apiVersionOf, type Json, type KubeObject } from '../../api/object.ts';
import { SluiceError } from '../../base/error.ts';
import type { JsonPatchOperation, ObjectAddress, Patch, UpdateOptions } from '../port.ts';
import { createdMetadata, storeNew, takeIn } from './create-object.ts';
import { applyFields } from './fields/apply-fields.ts';
import { compareFields } from './fields/compare-fields.ts';
import type { MapType } from './fields/field-type.ts';
import { entriesAfterUpdate, managedEntriesOf, type ManagedEntry, type Writer } from './fields/managed-fields.ts';
import { typingProblems } from './fields/typing-problems.ts';
import { unownedFields, withoutFields } from './fields/unowned-fields.ts';
import { asRecord, copyJson, isRecord, jsonOf, without, type JsonRecord } from './json.ts';
import { readMetadata } from './object-meta.ts';
import { applyJsonPatch } from './patches/json-patch.ts';
import { mergePatch } from './patches/merge-patch.ts';
import { strategicPatch } from './patches/strategic-patch.ts';
import { checkKind, conflict, invalidObject, notFound, resourceName, type ResourceTraits } from './resource-traits.ts';
import { scaleOf } from './scale-subresource.ts';
import { checkVersion, finishUpdate, subresourceOf, writeUpdate } from './update-object.ts';
import { managerOf, refuseNulls, withoutStatus, type WriteContext } from './write-context.ts';

/** Changes a part of an object, or creates it by server-side apply. Answers it as stored. */
export function patchObject(
  context: WriteContext,
  at: ObjectAddress,
  patch: Patch,
  options: UpdateOptions,
): KubeObject {
  const { traits } = context.store.table(at.type);
  const subresource = subresourceOf(traits, options);
  if (patch.kind === 'apply') return applyObject(context, traits, at, patch, options);
  if (patch.kind === 'strategic' && traits.custom) {
    throw new SluiceError(
      'UnsupportedMediaType',
      `${resourceName(at.type)} take no strategic merge patch; use json, merge or apply`,
    );
  }
  const current = context.store.find(at.type, at.namespace, at.name);
  if (current === undefined) throw notFound(at.type, at.name);
  const isScale = traits.scale !== undefined && subresource === 'scale';
  const base = jsonOf(isScale && traits.scale !== undefined ? scaleOf(current, traits.scale) : current);
  const next = patched(base, patch, traits);
  if (!isScale) checkKind(traits, next);
  checkIdentity(traits, at, next, current);
  return writeUpdate(context, traits, current, next, options);
}

function patched(base: JsonRecord, patch: Exclude<Patch, { kind: 'apply' }>, traits: ResourceTraits): JsonRecord {
  const next = patchedValue(base, patch, traits);
  if (isRecord(next)) return next;
  throw new SluiceError('BadRequest', `the patched object must be an object, not ${JSON.stringify(next)}`);
}

function patchedValue(base: JsonRecord, patch: Exclude<Patch, { kind: 'apply' }>, traits: ResourceTraits): Json {
  if (patch.kind === 'json') {
    // Its operations are checked one by one while they are applied.
    return applyJsonPatch(base, copyJson(patch.operations) as unknown as readonly JsonPatchOperation[]);
  }
  if (patch.kind === 'merge') return mergePatch(base, takeIn(patch.body));
  return strategicPatch(base, takeIn(patch.body), traits.fieldType);
}

/** A patch cannot make another object of an object, and may state which version it was made for. */
function checkIdentity(traits: ResourceTraits, at: ObjectAddress, next: JsonRecord, current: KubeObject): void {
  if (next['metadata'] === jsonOf(current)['metadata']) return;
  const metadata = readMetadata(next, 'Invalid');
  if (metadata.name !== at.name) {
    throw new SluiceError(
      'BadRequest',
      `the name of the object (${metadata.name}) does not match the name on the URL (${at.name})`,
    );
  }
  if (metadata.namespace !== at.namespace) {
    throw new SluiceError(
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  if (metadata.uid !== undefined && metadata.uid !== current.metadata.uid) {
    throw invalidObject(traits.type, at.name, [
      `metadata.uid: Invalid value: ${JSON.stringify(metadata.uid)}: field is immutable`,
    ]);
  }
  checkVersion(traits.type, metadata, current.metadata.resourceVersion);
}

type Apply = Extract<Patch, { kind: 'apply' }>;

function applyObject(
  context: WriteContext,
  traits: ResourceTraits,
  at: ObjectAddress,
  patch: Apply,
  options: UpdateOptions,
): KubeObject {
  const { subresource = '' } = options;
  const current = context.store.find(at.type, at.namespace, at.name);
  if (current === undefined && subresource !== '') throw notFound(at.type, at.name);
  const applied = appliedConfiguration(traits, at, patch, options);
  if (subresource === 'scale') {
    throw new SluiceError('MethodNotAllowed', 'server-side apply is not served for the scale subresource here');
  }
  const writer: Writer = {
    manager: managerOf(options.fieldManager),
    operation: 'Apply',
    apiVersion: apiVersionOf(traits.type),
    subresource,
  };
  if (current !== undefined) checkAppliedIdentity(traits, applied, current);
  const live = current === undefined ? blankFor(traits) : withoutManagedFields(jsonOf(current));
  const { object, entries } = applyFields({
    live,
    applied,
    type: traits.fieldType,
    entries: current === undefined ? [] : entriesBefore(context, traits, jsonOf(current), subresource),
    writer,
    reset: traits.reset[subresource === 'status' ? 'status' : 'main'],
    unowned: unownedFields,
    force: patch.force === true,
    nowMs: context.clock.now(),
  });
  if (current !== undefined) {
    return finishUpdate(context, traits, current, object, {
      ...options,
      manager: writer.manager,
      subresource,
      entries,
    });
  }
  return createApplied(context, traits, at, object, { ...options, entries });
}

/** Entries of an object that is applied. One whose ownership was forgotten belongs to a manager of that name. */
function entriesBefore(
  context: WriteContext,
  traits: ResourceTraits,
  current: JsonRecord,
  subresource: string,
): readonly ManagedEntry[] {
  const entries = managedEntriesOf(current);
  if (entries.length > 0) return entries;
  const writer = {
    manager: 'before-first-apply',
    operation: 'Update',
    apiVersion: apiVersionOf(traits.type),
    subresource,
  } as const;
  const reset = traits.reset[subresource === 'status' ? 'status' : 'main'];
  const comparison = compareFields(blankFor(traits), current, traits.fieldType);
  return entriesAfterUpdate([], withoutFields(comparison, unownedFields, reset), writer, context.clock.now());
}

function createApplied(
  context: WriteContext,
  traits: ResourceTraits,
  at: ObjectAddress,
  object: JsonRecord,
  options: UpdateOptions & { readonly entries: readonly ManagedEntry[] },
): KubeObject {
  if (readMetadata(object).uid !== undefined) {
    throw conflict(traits.type, at.name, 'uid mismatch: the object to apply to does not exist');
  }
  const metadata = createdMetadata(context, traits, object);
  const sent = traits.hasStatus ? withoutStatus(object) : object;
  const admitted = traits.admit(sent, undefined);
  refuseNulls(traits, at.name, sent, admitted);
  return storeNew(context, traits, admitted, {
    metadata,
    entries: options.entries,
    dryRun: options.dryRun === true,
  });
}

/** What the client wants to own, with its identity filled in. Throws on everything an apply may not contain. */
function appliedConfiguration(
  traits: ResourceTraits,
  at: ObjectAddress,
  patch: Apply,
  options: UpdateOptions,
): JsonRecord {
  if (options.fieldManager === undefined || options.fieldManager === '') {
    throw new SluiceError(
      'Invalid',
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  }
  const sent = takeIn(patch.body);
  const namespace = at.namespace === undefined ? {} : { namespace: at.namespace };
  const metadata = { ...namespace, ...asRecord(sent['metadata']) };
  const problem = appliedProblem(traits, at, sent, metadata);
  if (problem !== undefined) throw new SluiceError('BadRequest', problem);
  return { ...sent, metadata };
}

function appliedProblem(
  { type, fieldType }: ResourceTraits,
  at: ObjectAddress,
  sent: JsonRecord,
  metadata: JsonRecord,
): string | undefined {
  if (sent['apiVersion'] !== apiVersionOf(type) || sent['kind'] !== type.kind) {
    return `the applied object must be of ${apiVersionOf(type)} ${type.kind}`;
  }
  if ((metadata['managedFields'] ?? null) !== null) return 'metadata.managedFields must be nil';
  if (metadata['name'] !== at.name || metadata['namespace'] !== at.namespace) {
    return `metadata.name and metadata.namespace must be those of the address (${at.name})`;
  }
  refuseUntyped(at, sent, fieldType);
  return undefined;
}

/** The API server fails at this instead of refusing it: the code is Internal. */
function refuseUntyped({ type, namespace = '', name }: ObjectAddress, sent: JsonRecord, fieldType: MapType): void {
  const problems = typingProblems(sent, fieldType);
  if (problems.length === 0) return;
  const identity = `${namespace}/${name}; ${apiVersionOf(type)}, Kind=${type.kind}`;
  throw new SluiceError('Internal', `failed to create typed patch object (${identity}): ${problems.join(', ')}`);
}

function checkAppliedIdentity(traits: ResourceTraits, applied: JsonRecord, current: KubeObject): void {
  const metadata = readMetadata(applied);
  if (metadata.uid !== undefined && metadata.uid !== current.metadata.uid) {
    const reason = `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${current.metadata.uid ?? ''}`;
    throw conflict(traits.type, metadata.name, reason);
  }
  checkVersion(traits.type, metadata, current.metadata.resourceVersion);
}

function blankFor({ type, blank }: ResourceTraits): JsonRecord {
  return { apiVersion: apiVersionOf(type), kind: type.kind, ...blank };
}

function withoutManagedFields(object: JsonRecord): JsonRecord {
  return { ...object, metadata: without(asRecord(object['metadata']) ?? {}, 'managedFields') };
}
