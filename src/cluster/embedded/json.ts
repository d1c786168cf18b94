import type { Json } from '../../api/object.ts';
import { SluiceError } from '../../base/error.ts';

/** A JSON object. */
export type JsonRecord = { readonly [key: string]: Json };

/** Deepest nesting that is taken in; far beyond any real object, and safe for recursive code. */
const depthMax = 500;

/** The value when it is an object (not a list, not null). */
export function asRecord(value: unknown): JsonRecord | undefined {
  return isRecord(value) ? value : undefined;
}

/** A stored object as JSON: everything in it was taken in as JSON. */
export function jsonOf(object: { readonly metadata: object }): JsonRecord {
  return object as unknown as JsonRecord;
}

/** True for an object that is neither a list nor null. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for a list. */
export function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** The value at a path of keys; undefined when something on the way is not there. */
export function jsonAt(value: unknown, ...path: readonly string[]): Json | undefined {
  let current: unknown = value;
  for (const key of path) {
    if (!isRecord(current)) return undefined;
    current = ownMember(current, key);
  }
  // Everything below a JSON value is JSON.
  return current as Json | undefined;
}

/** A member of a record, and not what every JavaScript object inherits: `constructor` is a key like others in JSON. */
export function ownMember(record: JsonRecord, key: string): Json | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/**
 * A deep copy that shares nothing with its source, so that a caller's later change cannot reach the store. Undefined
 * members are left out, as JSON text would. Throws BadRequest on anything JSON cannot express.
 */
export function copyJson(value: unknown, at = '', depth = 0): Json {
  if (typeof value !== 'object' || value === null) return checkScalar(value, at);
  if (depth >= depthMax) throw new SluiceError('BadRequest', `${at} is nested more than ${depthMax} levels deep`);
  if (Array.isArray(value)) return value.map((item, index) => copyJson(item ?? null, `${at}[${index}]`, depth + 1));
  return copyRecord(value, at, depth);
}

function checkScalar(value: unknown, at: string): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new SluiceError('BadRequest', `${at || 'value'} is of a kind that JSON cannot express (${typeof value})`);
}

function copyRecord(value: object, at: string, depth: number): JsonRecord {
  const copy: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value) as [string, unknown][]) {
    // Assigning this key would change the prototype of the copy instead of adding a member.
    if (key === '__proto__') throw new SluiceError('BadRequest', `${at || 'object'} has a field named __proto__`);
    if (item !== undefined) copy[key] = copyJson(item, `${at}.${key}`, depth + 1);
  }
  return copy;
}

/** Deep equality of JSON values; shared parts cost nothing. Members that are undefined count as absent. */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (isList(left)) return isList(right) && equalLists(left, right);
  if (isRecord(left)) return isRecord(right) && equalRecords(left, right);
  return false;
}

function equalLists(left: readonly Json[], right: readonly Json[]): boolean {
  return left.length === right.length && left.every((item, index) => equalJson(item, right[index]));
}

function equalRecords(left: JsonRecord, right: JsonRecord): boolean {
  return (
    Object.keys(left).every((key) => equalJson(left[key], ownMember(right, key))) &&
    Object.keys(right).every((key) => right[key] === undefined || Object.hasOwn(left, key))
  );
}

/**
 * The next value with every part that did not change taken from the value before, so that versions of an object share
 * memory and later comparisons are quick. Answers `before` itself when nothing changed.
 */
export function shareJson<T extends Json | undefined>(before: Json | undefined, next: T): T {
  if (before === next) return next;
  if (isList(next)) return (isList(before) ? shareList(before, next) : next) as T;
  if (isRecord(next)) return (isRecord(before) ? shareRecord(before, next) : next) as T;
  return next;
}

function shareList(before: readonly Json[], next: readonly Json[]): readonly Json[] {
  let isSame = before.length === next.length;
  const shared = next.map((item, index) => {
    const part = shareJson(before[index], item);
    isSame &&= part === before[index];
    return part;
  });
  return isSame ? before : shared;
}

function shareRecord(before: JsonRecord, next: JsonRecord): JsonRecord {
  const shared: Record<string, Json> = {};
  let isSame = true;
  for (const key of Object.keys(next)) {
    const item = next[key];
    if (item === undefined) continue;
    const own = ownMember(before, key);
    const part = shareJson(own, item);
    isSame &&= part === own;
    shared[key] = part;
  }
  return isSame && Object.keys(before).every((key) => Object.hasOwn(shared, key)) ? before : shared;
}

/** A copy without one member. The record itself when it does not have it. */
export function without(record: JsonRecord, key: string): JsonRecord {
  if (!Object.hasOwn(record, key)) return record;
  const { [key]: _, ...rest } = record;
  return rest;
}

/** Freezes a value and everything in it. Stops at parts that are frozen already. */
export function freezeJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) freezeJson(item);
  return value;
}
