import { SluiceError } from '../../../base/error.ts';
import { formatInstant } from '../../../base/instant.ts';
import { shareJson, type JsonRecord } from '../json.ts';
import { compareFields, fieldsOf } from './compare-fields.ts';
import {
  emptySet,
  intersectSets,
  isEmptySet,
  pathsOf,
  subtractSets,
  subtractTrees,
  unionSets,
  type FieldSet,
} from './field-set.ts';
import type { MapType } from './field-type.ts';
import { isEntryOf, loseFields, type ManagedEntry, type Writer } from './managed-fields.ts';
import { mergeFields, removeFields, withNamedFields } from './merge-fields.ts';

/** One server-side apply. */
export interface Application {
  readonly live: JsonRecord;
  readonly applied: JsonRecord;
  readonly type: MapType;
  readonly entries: readonly ManagedEntry[];
  readonly writer: Writer;
  /** Fields that this way of writing cannot set (everything at or below a member). */
  readonly reset: FieldSet;
  /** Single fields that nobody owns, such as metadata.name. */
  readonly unowned: FieldSet;
  readonly force: boolean;
  readonly nowMs: number;
}

/**
 * Merges the configuration, removes what the applier stated last time but not now (unless others own it), and moves
 * ownership. Throws Conflict when fields of other managers would change and `force` is not set.
 */
export function applyFields(application: Application): { object: JsonRecord; entries: readonly ManagedEntry[] } {
  const { live, applied, type, entries, writer, reset } = application;
  const last = entries.find((entry) => isEntryOf(entry, writer));
  const fields = subtractTrees(fieldsOf(applied, type), reset);
  const claim: ManagedEntry = { ...writer, time: last?.time, fields };
  const others = entries.filter((entry) => entry !== last);
  const object = shareJson(live, prune(mergeFields(live, applied, type), last, [...others, claim], type));
  // An application that changes no value leaves the time of its entry alone.
  const own = object === live ? claim : { ...claim, time: formatInstant(application.nowMs) };
  const changed = compareFields(live, object, type);
  const taken = subtractTrees(unionSets(changed.modified, changed.added), reset);
  if (!application.force) refuseConflicts(others, taken);
  const remaining = loseFields(others, unionSets(taken, subtractTrees(changed.removed, reset)));
  // The applier owns what it stated, also where nothing of it is left in the object.
  return { object, entries: [...remaining, withoutUnowned(own, application)].filter(hasFields) };
}

function withoutUnowned(entry: ManagedEntry, { unowned }: Application): ManagedEntry {
  return { ...entry, fields: subtractSets(entry.fields, unowned) };
}

function hasFields(entry: ManagedEntry): boolean {
  return !isEmptySet(entry.fields);
}

/** Removes what only the last application of this applier asked for. */
function prune(
  merged: JsonRecord,
  last: ManagedEntry | undefined,
  claims: readonly ManagedEntry[],
  type: MapType,
): JsonRecord {
  if (last === undefined) return merged;
  const lastFields = withNamedFields(last.fields, type);
  const claimed = withNamedFields(claims.map(({ fields }) => fields).reduce(unionSets, emptySet), type);
  const present = withNamedFields(fieldsOf(merged, type), type);
  const bare = withNamedFields(fieldsOf(removeFields(merged, lastFields, type), type), type);
  const pruned = removeFields(merged, subtractSets(present, unionSets(bare, claimed)), type);
  const kept = withNamedFields(fieldsOf(pruned, type), type);
  return removeFields(merged, intersectSets(subtractSets(present, kept), lastFields), type);
}

function refuseConflicts(others: readonly ManagedEntry[], taken: FieldSet): void {
  const conflicts = others
    .toSorted((left, right) => (orderOf(left) < orderOf(right) ? -1 : 1))
    .map((entry) => ({ owner: describeOwner(entry), paths: pathsOf(intersectSets(entry.fields, taken)) }))
    .filter(({ paths }) => paths.length > 0);
  const [first] = conflicts;
  if (first === undefined) return;
  const count = conflicts.reduce((sum, { paths }) => sum + paths.length, 0);
  if (count === 1) {
    throw new SluiceError('Conflict', `Apply failed with 1 conflict: conflict with ${first.owner}: ${first.paths[0]}`);
  }
  const lines = conflicts.flatMap(({ owner, paths }) => [
    `conflicts with ${owner}:`,
    ...paths.map((path) => `- ${path}`),
  ]);
  throw new SluiceError('Conflict', `Apply failed with ${count} conflicts: ${lines.join('\n')}`);
}

/** The API server sorts managers by their identity as JSON. */
function orderOf({ manager, operation, apiVersion, subresource }: ManagedEntry): string {
  const version = operation === 'Update' ? { apiVersion } : {};
  return JSON.stringify({ manager, operation, ...version, ...(subresource === '' ? {} : { subresource }) });
}

function describeOwner({ manager, subresource, operation, apiVersion }: ManagedEntry): string {
  const through = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  return `${JSON.stringify(manager)}${through}${operation === 'Update' ? ` using ${apiVersion}` : ''}`;
}
