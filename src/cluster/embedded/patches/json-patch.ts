import type { Json } from '../../../api/object.ts';
import { SluiceError } from '../../../base/error.ts';
import type { JsonPatchOperation } from '../../port.ts';
import { equalJson, isList, isRecord, ownMember, type JsonRecord } from '../json.ts';

/** More operations than this in one patch are refused. Source: the API server's limit. */
const operationsMax = 10_000;

/**
 * RFC 6902: applies the operations in order, all or none. Throws Invalid when one does not fit the document (a failed
 * test, a path that is not there), and BadRequest when the patch itself is malformed.
 */
export function applyJsonPatch(document: Json, operations: readonly JsonPatchOperation[]): Json {
  if (!isList(operations)) throw new SluiceError('BadRequest', 'a JSON patch is a list of operations');
  if (operations.length > operationsMax) {
    throw new SluiceError('TooLarge', `a JSON patch has at most ${operationsMax} operations, not ${operations.length}`);
  }
  return (operations as readonly JsonPatchOperation[]).reduce(applyOperation, document);
}

function applyOperation(document: Json, operation: JsonPatchOperation): Json {
  const path = parsePointer(operation.path);
  switch (operation.op) {
    case 'add':
      return add(document, path, valueOf(operation));
    case 'replace':
      return replace(document, path, valueOf(operation));
    case 'remove':
      return remove(document, path);
    case 'test':
      return test(document, path, valueOf(operation));
    case 'move': {
      const from = parsePointer(operation.from);
      return add(remove(document, from), path, read(document, from));
    }
    case 'copy':
      return add(document, path, copied(document, parsePointer(operation.from)));
    default:
      throw new SluiceError('BadRequest', `unknown JSON patch operation ${JSON.stringify(operation)}`);
  }
}

function valueOf(operation: { readonly op: string; readonly path: string; readonly value: unknown }): Json {
  if (operation.value === undefined) {
    throw new SluiceError('BadRequest', `JSON patch operation "${operation.op}" on "${operation.path}" has no value`);
  }
  // The caller's patch was copied as JSON before it came here.
  return operation.value as Json;
}

function parsePointer(pointer: unknown): readonly string[] {
  if (pointer === '') return [];
  if (typeof pointer !== 'string' || !pointer.startsWith('/')) {
    throw new SluiceError('BadRequest', `JSON pointer ${JSON.stringify(pointer)} must be empty or start with "/"`);
  }
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function add(document: Json, path: readonly string[], value: Json): Json {
  if (path.length === 0) return value;
  return changeAt(document, path, (parent, key) => {
    if (isRecord(parent)) return { ...parent, [key]: value };
    if (!isList(parent)) throw missing(path);
    return parent.toSpliced(key === '-' ? parent.length : indexOf(key, parent.length, path), 0, value);
  });
}

/**
 * The API server's library replaces a member of an object also when there is none yet; an item of a list must be there.
 */
function replace(document: Json, path: readonly string[], value: Json): Json {
  if (path.length === 0) return value;
  return changeAt(document, path, (parent, key) => {
    if (isRecord(parent)) return { ...parent, [key]: value };
    memberOf(parent, key, path);
    return isList(parent) ? parent.with(Number(key), value) : parent;
  });
}

function remove(document: Json, path: readonly string[]): Json {
  if (path.length === 0) return null;
  return changeAt(document, path, (parent, key) => {
    memberOf(parent, key, path);
    if (isList(parent)) return parent.toSpliced(Number(key), 1);
    const { [key]: _, ...rest } = parent as JsonRecord;
    return rest;
  });
}

function test(document: Json, path: readonly string[], expected: Json): Json {
  const parent = find(document, path.slice(0, -1));
  if (parent === undefined) throw missing(path);
  // A member that is not there counts as null.
  const actual = find(document, path) ?? null;
  if (equalJson(actual, expected)) return document;
  throw new SluiceError(
    'Invalid',
    `testing value ${pointerOf(path)} failed: it is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`,
  );
}

function find(document: Json, path: readonly string[]): Json | undefined {
  let current: Json | undefined = document;
  for (const key of path) {
    if (isRecord(current)) current = ownMember(current, key);
    else current = isList(current) && /^\d+$/.test(key) ? current[Number(key)] : undefined;
  }
  return current;
}

function read(document: Json, path: readonly string[]): Json {
  const value = find(document, path);
  if (value === undefined) throw missing(path);
  return value;
}

/** The API server's library copies null when an object does not have the member. */
function copied(document: Json, path: readonly string[]): Json {
  const parent = find(document, path.slice(0, -1));
  return isRecord(parent) ? (ownMember(parent, path.at(-1) ?? '') ?? null) : read(document, path);
}

/** Rebuilds the way to a parent and lets `change` make its new value. */
function changeAt(document: Json, path: readonly string[], change: (parent: Json, key: string) => Json): Json {
  const rebuild = (current: Json, depth: number): Json => {
    const key = path[depth] ?? '';
    if (depth === path.length - 1) return change(current, key);
    const next = rebuild(memberOf(current, key, path), depth + 1);
    if (isList(current)) return current.with(Number(key), next);
    return { ...(current as JsonRecord), [key]: next };
  };
  return rebuild(document, 0);
}

function memberOf(parent: Json, key: string, path: readonly string[]): Json {
  const record = isRecord(parent) ? ownMember(parent, key) : undefined;
  const value = isList(parent) ? parent[indexOf(key, parent.length - 1, path)] : record;
  if (value === undefined) throw missing(path);
  return value;
}

function indexOf(key: string, indexMax: number, path: readonly string[]): number {
  const index = Number(key);
  if (!/^(?:0|[1-9]\d*)$/.test(key) || index > indexMax) throw missing(path);
  return index;
}

function missing(path: readonly string[]): SluiceError {
  return new SluiceError('Invalid', `the path ${pointerOf(path)} of the JSON patch does not exist in the object`);
}

function pointerOf(path: readonly string[]): string {
  return path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
