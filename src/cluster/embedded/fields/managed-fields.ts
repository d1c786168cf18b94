import type { Json } from '../../../api/object.ts';
import { formatInstant, parseInstant } from '../../../base/instant.ts';
import { equalJson, isList, isRecord, jsonAt, type JsonRecord } from '../json.ts';
import type { Comparison } from './compare-fields.ts';
import { intersectSets, isEmptySet, subtractSets, unionSets, type FieldSet } from './field-set.ts';

/** Who owns which fields: one entry of metadata.managedFields. */
export interface ManagedEntry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** Who writes, and through what. */
export type Writer = Omit<ManagedEntry, 'time' | 'fields'>;

/** More Update managers than this are folded into one. Source: the API server's default. */
const updateManagersMax = 10;
const foldedManager = 'ancient-changes';

/** Entries of an object. Entries that cannot be read count as none, as in the API server. */
export function managedEntriesOf(object: JsonRecord): readonly ManagedEntry[] {
  const list = jsonAt(object, 'metadata', 'managedFields');
  if (!isList(list)) return [];
  const entries = list.map(decodeEntry);
  return entries.every((entry) => entry !== undefined) ? entries : [];
}

/** True when a client asks to forget all ownership: an empty list, or a list of one empty entry. */
export function isOwnershipReset(managedFields: Json | undefined): boolean {
  if (!isList(managedFields)) return false;
  const [first] = managedFields;
  return first === undefined || (managedFields.length === 1 && isRecord(first) && Object.keys(first).length === 0);
}

function decodeEntry(value: Json): ManagedEntry | undefined {
  if (!isRecord(value)) return undefined;
  const { manager = '', operation, apiVersion, subresource = '', time, fieldsV1 } = value;
  if (operation !== 'Apply' && operation !== 'Update') return undefined;
  if (typeof manager !== 'string' || typeof apiVersion !== 'string' || typeof subresource !== 'string')
    return undefined;
  if (!isRecord(fieldsV1)) return undefined;
  return {
    manager,
    operation,
    apiVersion,
    subresource,
    time: typeof time === 'string' ? time : undefined,
    // FieldsV1 consists of nested objects only; foreign content inside would be dead weight, never a wrong path.
    fields: fieldsV1 as FieldSet,
  };
}

/** The list for metadata.managedFields, in the API server's order: operation, time, manager, version, subresource. */
export function encodeEntries(entries: readonly ManagedEntry[]): readonly Json[] {
  const sorted = entries.length > 1 ? entries.toSorted(compareEntries) : entries;
  return sorted.map((entry) => ({
    manager: entry.manager,
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    ...(entry.time === undefined ? {} : { time: entry.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: entry.fields as Json,
    ...(entry.subresource === '' ? {} : { subresource: entry.subresource }),
  }));
}

function compareEntries(left: ManagedEntry, right: ManagedEntry): number {
  return (
    compareText(left.operation, right.operation) ||
    compareTimes(left, right) ||
    compareText(left.manager, right.manager) ||
    compareText(left.apiVersion, right.apiVersion) ||
    compareText(left.subresource, right.subresource)
  );
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Times that the server wrote compare as texts; those that a client sent may have another form. */
function compareTimes(left: ManagedEntry, right: ManagedEntry): number {
  if (left.time === right.time) return 0;
  return timeOf(left) - timeOf(right);
}

function timeOf(entry: ManagedEntry): number {
  return entry.time === undefined ? 0 : (parseInstant(entry.time) ?? 0);
}

/** True when an entry is this writer's. Appliers keep their entry over API versions. */
export function isEntryOf(entry: ManagedEntry, writer: Writer): boolean {
  return (
    entry.manager === writer.manager &&
    entry.operation === writer.operation &&
    entry.subresource === writer.subresource &&
    (writer.operation === 'Apply' || entry.apiVersion === writer.apiVersion)
  );
}

/**
 * Ownership after a create, update or patch: the writer takes what it added or changed, and what was removed belongs to
 * nobody any more.
 */
export function entriesAfterUpdate(
  entries: readonly ManagedEntry[],
  comparison: Comparison,
  writer: Writer,
  nowMs: number,
): readonly ManagedEntry[] {
  const taken = unionSets(comparison.modified, comparison.added);
  const remaining = loseFields(entries, unionSets(taken, comparison.removed));
  if (isEmptySet(taken)) return remaining;
  const own = entries.find((entry) => isEntryOf(entry, writer));
  const fields = own === undefined ? taken : unionSets(subtractSets(own.fields, comparison.removed), taken);
  const time = formatInstant(nowMs);
  const others = remaining.filter((entry) => !isEntryOf(entry, writer));
  if (own !== undefined && own.fields === fields && own.time === time) return [...others, own];
  return foldOldest([...others, { ...writer, time, fields }]);
}

/**
 * Ownership after a write through the scale subresource: only the replicas change hands, without a time, and only when
 * somebody owned them before. Replicas of 0 are left out of a Scale, and belong to nobody. Source: the scale handler of
 * the API server.
 */
export function entriesAfterScale(
  entries: readonly ManagedEntry[],
  comparison: Comparison,
  writer: Writer,
  { replicas, isZero }: { readonly replicas: FieldSet; readonly isZero: boolean },
): readonly ManagedEntry[] {
  const isOwned = entries.some(({ fields }) => !isEmptySet(intersectSets(fields, replicas)));
  const isChanged = !isEmptySet(intersectSets(unionSets(comparison.modified, comparison.added), replicas));
  if (!isOwned || !isChanged) return entries;
  const others = loseFields(entries, replicas);
  return isZero ? others : [...others, { ...writer, time: undefined, fields: replicas }];
}

/** Takes fields from all entries. Entries left without fields go. */
export function loseFields(entries: readonly ManagedEntry[], lost: FieldSet): readonly ManagedEntry[] {
  return entries
    .map((entry) => {
      const fields = subtractSets(entry.fields, lost);
      return fields === entry.fields ? entry : { ...entry, fields };
    })
    .filter((entry) => !isEmptySet(entry.fields));
}

function foldOldest(entries: readonly ManagedEntry[]): readonly ManagedEntry[] {
  const updates = entries.filter(({ operation }) => operation === 'Update');
  if (updates.length <= updateManagersMax) return entries;
  const oldestFirst = updates.toSorted((left, right) => timeOf(left) - timeOf(right) || compareEntries(left, right));
  const [first, second] = oldestFirst.filter(({ apiVersion }) => apiVersion === oldestFirst[0]?.apiVersion);
  if (first === undefined || second === undefined) return entries;
  const folded: ManagedEntry = {
    manager: foldedManager,
    operation: 'Update',
    apiVersion: second.apiVersion,
    subresource: '',
    time: second.time,
    fields: unionSets(first.fields, second.fields),
  };
  return foldOldest([...entries.filter((entry) => entry !== first && entry !== second), folded]);
}

/** True when two lists of managed fields differ in nothing but the times of their entries. */
export function equalButForTimes(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (!isList(left) || !isList(right) || left.length !== right.length) return false;
  return left.every((entry, index) => {
    const other = right[index];
    if (!isRecord(entry) || !isRecord(other)) return false;
    return equalJson({ ...entry, time: null }, { ...other, time: null });
  });
}
