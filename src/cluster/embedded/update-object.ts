import { apiVersionOf, type Json, type KubeObject, type ObjectMeta, type ResourceType } from '../../api/object.ts';
import { SluiceError } from '../../base/error.ts';
import type { UpdateOptions } from '../port.ts';
import { createObject, takeIn } from './create-object.ts';
import { compareFields } from './fields/compare-fields.ts';
import {
  encodeEntries,
  entriesAfterScale,
  entriesAfterUpdate,
  equalButForTimes,
  isOwnershipReset,
  managedEntriesOf,
  type ManagedEntry,
} from './fields/managed-fields.ts';
import { unownedFields, withoutFields } from './fields/unowned-fields.ts';
import { asRecord, equalJson, jsonOf, shareJson, without, type JsonRecord } from './json.ts';
import { metadataProblems, metadataUpdateProblems, readMetadata, withMetadata } from './object-meta.ts';
import { checkKind, conflict, invalidObject, notFound, type ResourceTraits } from './resource-traits.ts';
import { replicasField, replicasOf, scaleOf, withScale } from './scale-subresource.ts';
import { checkSize, managerOf, refuseNulls, refuseProblems, type WriteContext } from './write-context.ts';

type Subresource = '' | 'status' | 'scale';

/** Replaces an object, or its status or scale, by what a client sent. */
export function updateObject(
  context: WriteContext,
  type: ResourceType,
  object: unknown,
  options: UpdateOptions,
): KubeObject {
  const { traits } = context.store.table(type);
  const sent = takeIn(object);
  const subresource = subresourceOf(traits, options);
  if (subresource !== 'scale') checkKind(traits, sent);
  const metadata = readMetadata(sent);
  if (metadata.name === '') throw new SluiceError('BadRequest', 'name must be provided');
  const current = context.store.find(type, metadata.namespace, metadata.name);
  if (current === undefined) {
    if (!traits.createOnUpdate || subresource !== '') throw notFound(type, metadata.name);
    return createObject(context, type, without(sent, 'status'), options);
  }
  checkPreconditions(traits, metadata, current);
  return writeUpdate(context, traits, current, sent, options);
}

/** The subresource that a write goes to. Throws NotFound when the kind does not have it. */
export function subresourceOf(traits: ResourceTraits, options: UpdateOptions): Subresource {
  const { subresource = '' } = options;
  const has = { '': true, status: traits.hasStatus, scale: traits.scale !== undefined };
  if (has[subresource]) return subresource;
  throw new SluiceError('NotFound', 'the server could not find the requested resource');
}

function checkPreconditions(traits: ResourceTraits, sent: ObjectMeta, current: KubeObject): void {
  const { type } = traits;
  const { uid, resourceVersion } = current.metadata;
  if (sent.uid !== undefined && sent.uid !== uid) {
    const reason = `Precondition failed: UID in precondition: ${sent.uid}, UID in object meta: ${uid ?? ''}`;
    throw conflict(type, sent.name, reason);
  }
  if (sent.resourceVersion === undefined) {
    if (traits.unconditionalUpdate) return;
    throw invalidObject(type, sent.name, [
      'metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    ]);
  }
  checkVersion(type, sent, resourceVersion);
}

/** Refuses a write that was made for another version of the object. */
export function checkVersion(type: ResourceType, sent: ObjectMeta, current: string | undefined): void {
  if (sent.resourceVersion === undefined || sent.resourceVersion === current) return;
  throw conflict(
    type,
    sent.name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );
}

/** Writes the next state of an object through the subresource of the options, and answers what a client sees. */
export function writeUpdate(
  context: WriteContext,
  traits: ResourceTraits,
  current: KubeObject,
  next: JsonRecord,
  options: UpdateOptions,
): KubeObject {
  const subresource = subresourceOf(traits, options);
  const manager = managerOf(options.fieldManager);
  if (traits.scale !== undefined && subresource === 'scale') {
    const scaled = withScale(jsonOf(current), next, traits.scale);
    return scaleOf(finishUpdate(context, traits, current, scaled, { ...options, manager, subresource }), traits.scale);
  }
  return finishUpdate(context, traits, current, next, { ...options, manager, subresource });
}

/** How an update ends. `entries` are given when the ownership is settled already (server-side apply). */
export interface UpdateEnd {
  readonly manager: string;
  readonly subresource: Subresource;
  readonly dryRun?: boolean;
  readonly entries?: readonly ManagedEntry[];
}

/** Checks the next state of an object and stores it. A state that changes nothing is not written. */
export function finishUpdate(
  context: WriteContext,
  traits: ResourceTraits,
  current: KubeObject,
  next: JsonRecord,
  end: UpdateEnd,
): KubeObject {
  const before = jsonOf(current);
  const sent = end.subresource === 'status' ? onlyStatus(traits, before, next) : keepStatus(traits, before, next);
  // Taken from the object before wherever it is the same, so that what follows need not look at it.
  const contentBefore = without(before, 'metadata');
  const admitted = traits.admit(without(sent, 'metadata'), before);
  if (end.entries !== undefined) refuseNulls(traits, current.metadata.name, sent, admitted);
  const content = shareJson(contentBefore, admitted);
  const metadata = updatedMetadata(traits, current, sent, content, end.subresource);
  const plain = shareJson(before, jsonOf(withMetadata(content, metadata)));
  const entries = end.entries ?? updatedEntries(context, traits, before, plain, next, end);
  const owned = entries.length === 0 ? {} : { managedFields: shareEntries(before, encodeEntries(entries)) };
  const stored = withMetadata(plain, { ...metadataOf(plain), ...owned });
  if (content === contentBefore && isSameMetadata(current.metadata, stored.metadata)) return current;
  refuseProblems(traits, metadata, [
    ...(sent['metadata'] === before['metadata'] ? [] : metadataProblems(metadata, traits)),
    ...metadataUpdateProblems(metadata, current.metadata),
    ...traits.problems(plain, before),
  ]);
  checkSize(stored);
  if (end.dryRun === true) return stored;
  if (!endsDeletion(current.metadata, metadata)) return context.store.put(traits.type, stored, current);
  context.store.remove(traits.type, current);
  return stored;
}

function metadataOf(object: JsonRecord): ObjectMeta {
  // It was made by `withMetadata`.
  return object['metadata'] as unknown as ObjectMeta;
}

/** A write to the main resource cannot set the status where that has a subresource of its own. */
function keepStatus(traits: ResourceTraits, before: JsonRecord, next: JsonRecord): JsonRecord {
  if (!traits.hasStatus || next['status'] === before['status']) return next;
  const { status } = before;
  return status === undefined ? without(next, 'status') : { ...next, status };
}

/** A write to the status sets nothing else; built-in kinds take some metadata with it. */
function onlyStatus(traits: ResourceTraits, before: JsonRecord, next: JsonRecord): JsonRecord {
  const { status } = next;
  const base = status === undefined ? without(before, 'status') : { ...before, status };
  if (!traits.statusTakesMetadata) return base;
  const { ownerReferences } = asRecord(before['metadata']) ?? {};
  const metadata = without(asRecord(next['metadata']) ?? {}, 'ownerReferences');
  return { ...base, metadata: ownerReferences === undefined ? metadata : { ...metadata, ownerReferences } };
}

/** What only the server may write is taken from the stored object; the generation grows when the spec changed. */
function updatedMetadata(
  traits: ResourceTraits,
  current: KubeObject,
  sent: JsonRecord,
  content: JsonRecord,
  subresource: Subresource,
): ObjectMeta {
  const stored = current.metadata;
  const { managedFields: _, ...given } = sent['metadata'] === jsonOf(current)['metadata'] ? stored : readMetadata(sent);
  const { uid, resourceVersion, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation } = stored;
  // A write of the status wants nothing new, whatever metadata goes with it.
  const bumps =
    subresource !== 'status' && traits.bumpsGeneration?.(jsonOf(current), jsonOf(withMetadata(content, given)));
  return definedOnly({
    ...given,
    uid: given.uid ?? uid,
    resourceVersion,
    creationTimestamp,
    deletionTimestamp: deletionTimestamp ?? given.deletionTimestamp,
    deletionGracePeriodSeconds: given.deletionGracePeriodSeconds ?? deletionGracePeriodSeconds,
    generation: bumps === true ? (generation ?? 0) + 1 : generation,
  });
}

type Loose<T> = { readonly [Key in keyof T]: T[Key] | undefined };

function definedOnly(metadata: Loose<ObjectMeta>): ObjectMeta {
  const entries = Object.entries(metadata).filter(([, value]) => value !== undefined);
  return { name: metadata.name ?? '', ...Object.fromEntries(entries) };
}

function updatedEntries(
  context: WriteContext,
  traits: ResourceTraits,
  before: JsonRecord,
  plain: JsonRecord,
  next: JsonRecord,
  end: UpdateEnd,
): readonly ManagedEntry[] {
  const given = (asRecord(next['metadata']) ?? {})['managedFields'];
  const isMain = end.subresource === '';
  if (isMain && isOwnershipReset(given)) return [];
  const sentEntries = isMain ? managedEntriesOf(next) : [];
  const entries = sentEntries.length > 0 ? sentEntries : managedEntriesOf(before);
  // An object whose ownership was forgotten stays without until it is applied.
  if (entries.length === 0) return [];
  const comparison = compareFields(before, asSent(traits, plain, next, end), traits.fieldType);
  const reset = end.subresource === 'status' ? traits.reset.status : traits.reset.main;
  const writer = {
    manager: end.manager,
    operation: 'Update',
    apiVersion: apiVersionOf(traits.type),
    subresource: end.subresource,
  } as const;
  if (traits.scale !== undefined && end.subresource === 'scale') {
    const isZero = replicasOf(plain, traits.scale) === 0;
    return entriesAfterScale(entries, comparison, writer, { replicas: replicasField(traits.scale), isZero });
  }
  const owned = withoutFields(comparison, unownedFields, reset);
  return entriesAfterUpdate(entries, owned, writer, context.clock.now());
}

/** A status write to a custom resource owns also the metadata that it sends and that is then not taken. */
function asSent(traits: ResourceTraits, plain: JsonRecord, next: JsonRecord, end: UpdateEnd): JsonRecord {
  if (end.subresource !== 'status' || traits.statusTakesMetadata) return plain;
  return jsonOf(withMetadata(plain, readMetadata(next)));
}

function shareEntries(before: JsonRecord, entries: readonly Json[]): readonly Json[] {
  return shareJson((asRecord(before['metadata']) ?? {})['managedFields'], entries);
}

function isSameMetadata(before: ObjectMeta, next: ObjectMeta): boolean {
  const { managedFields: ownersBefore, ...metadataBefore } = before;
  const { managedFields: owners, ...metadata } = next;
  return equalButForTimes(ownersBefore, owners) && equalJson(metadataBefore, metadata);
}

function endsDeletion(stored: ObjectMeta, next: ObjectMeta): boolean {
  if (next.deletionTimestamp === undefined || (next.finalizers ?? []).length > 0) return false;
  return (stored.deletionGracePeriodSeconds ?? 0) === 0;
}
