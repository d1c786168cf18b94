import { apiVersionOf, type KubeObject, type ObjectMeta, type ResourceType } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { SluiceError } from '../../base/error.ts';
import { formatInstant } from '../../base/instant.ts';
import type { WriteOptions } from '../port.ts';
import { compareFields } from './fields/compare-fields.ts';
import {
  encodeEntries,
  entriesAfterUpdate,
  isOwnershipReset,
  managedEntriesOf,
  type ManagedEntry,
} from './fields/managed-fields.ts';
import { unownedFields, withoutFields } from './fields/unowned-fields.ts';
import { asRecord, copyJson, isRecord, jsonAt, type JsonRecord } from './json.ts';
import { metadataProblems, objectKey, readMetadata, withMetadata } from './object-meta.ts';
import { checkKind, resourceName, type ResourceTraits } from './resource-traits.ts';
import {
  checkSize,
  generateName,
  generateUid,
  managerOf,
  refuseProblems,
  withoutStatus,
  type WriteContext,
} from './write-context.ts';

/** How often a generated name that is taken is generated again. Source: the API server. */
const nameAttemptsMax = 8;

/** Creates an object from what a client sent, and answers it as stored. */
export function createObject(
  context: WriteContext,
  type: ResourceType,
  object: unknown,
  options: WriteOptions,
): KubeObject {
  const { traits } = context.store.table(type);
  const sent = takeIn(object);
  checkKind(traits, sent);
  const metadata = createdMetadata(context, traits, sent);
  const admitted = traits.admit(traits.hasStatus ? withoutStatus(sent) : sent, undefined);
  const sane = asRecord(withMetadata(admitted, metadata)) ?? {};
  const entries = createdEntries(context, traits, sane, managerOf(options.fieldManager));
  return storeNew(context, traits, admitted, { metadata, entries, dryRun: options.dryRun === true });
}

/** A copy of what a client sent, as JSON. Throws BadRequest when it is no object. */
export function takeIn(object: unknown): JsonRecord {
  const copy = copyJson(object);
  if (isRecord(copy)) return copy;
  throw new SluiceError('BadRequest', `the request body must be an object, not ${JSON.stringify(copy)}`);
}

/** Metadata of a new object: what the client gave, and what the server decides. */
export function createdMetadata(context: WriteContext, traits: ResourceTraits, sent: JsonRecord): ObjectMeta {
  const { resourceVersion, deletionTimestamp: _, deletionGracePeriodSeconds: __, ...given } = readMetadata(sent);
  if (resourceVersion !== undefined) {
    throw new SluiceError('BadRequest', 'resourceVersion should not be set on objects to be created');
  }
  checkNamespace(context, traits, given.namespace);
  const { generation: ___, ...rest } = given;
  return {
    ...rest,
    name: given.name === '' ? freeName(context, traits, given) : given.name,
    uid: generateUid(context.random),
    creationTimestamp: formatInstant(context.clock.now()),
    ...(traits.bumpsGeneration === undefined ? {} : { generation: 1 }),
  };
}

function freeName(context: WriteContext, { type }: ResourceTraits, metadata: ObjectMeta): string {
  if (metadata.generateName === undefined) return '';
  let name = '';
  for (let attempt = 0; attempt < nameAttemptsMax; attempt += 1) {
    name = generateName(metadata.generateName, context.random);
    if (context.store.find(type, metadata.namespace, name) === undefined) break;
  }
  return name;
}

function checkNamespace(context: WriteContext, { type }: ResourceTraits, namespace: string | undefined): void {
  if (!type.namespaced) {
    if (namespace === undefined) return;
    throw new SluiceError(
      'BadRequest',
      `${resourceName(type)} have no namespace, but metadata.namespace is "${namespace}"`,
    );
  }
  if (namespace === undefined) {
    throw new SluiceError('BadRequest', `metadata.namespace is required for ${resourceName(type)}`);
  }
  const found = context.store.find(resourceTypes.namespace, undefined, namespace);
  if (found === undefined && context.requireNamespaces) {
    throw new SluiceError('NotFound', `namespaces "${namespace}" not found`);
  }
  if (found?.metadata.deletionTimestamp === undefined) return;
  throw new SluiceError(
    'Forbidden',
    `${resourceName(type)} cannot be created in namespace ${namespace} because it is being terminated`,
  );
}

function createdEntries(
  context: WriteContext,
  traits: ResourceTraits,
  object: JsonRecord,
  manager: string,
): readonly ManagedEntry[] {
  const entries = isOwnershipReset(jsonAt(object, 'metadata', 'managedFields')) ? [] : managedEntriesOf(object);
  const writer = { manager, operation: 'Update', apiVersion: apiVersionOf(traits.type), subresource: '' } as const;
  const comparison = compareFields(traits.blank, object, traits.fieldType);
  const owned = withoutFields(comparison, unownedFields, traits.reset.main);
  return entriesAfterUpdate(entries, owned, writer, context.clock.now());
}

/** Checks and stores a new object; shared with server-side apply, which makes its own entries. */
export function storeNew(
  context: WriteContext,
  traits: ResourceTraits,
  object: JsonRecord,
  how: { metadata: ObjectMeta; entries: readonly ManagedEntry[]; dryRun: boolean },
): KubeObject {
  const table = context.store.table(traits.type);
  const { managedFields: _, ...metadata } = how.metadata;
  const owned = how.entries.length === 0 ? {} : { managedFields: encodeEntries(how.entries) };
  const prepared = traits.prepareCreate(asRecord(withMetadata(object, { ...metadata, ...owned })) ?? {}, table);
  const created = prepared as unknown as KubeObject;
  refuseProblems(traits, metadata, [...metadataProblems(metadata, traits), ...traits.problems(prepared, undefined)]);
  checkSize(created);
  if (table.objects.has(objectKey(metadata.namespace, metadata.name))) {
    throw new SluiceError(
      'AlreadyExists',
      `${resourceName(traits.type)} ${JSON.stringify(metadata.name)} already exists`,
    );
  }
  return how.dryRun ? created : context.store.put(traits.type, created, undefined);
}
