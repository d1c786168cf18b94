import type { Json, ObjectMeta } from '../../api/object.ts';
import type { Clock } from '../../base/clock.ts';
import { SluiceError } from '../../base/error.ts';
import type { Random } from '../../base/random.ts';
import { isList, isRecord, ownMember, without, type JsonRecord } from './json.ts';
import type { ObjectStore } from './object-store.ts';
import { invalidObject, type ResourceTraits } from './resource-traits.ts';

/** What every write works with. */
export interface WriteContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether a namespace must exist before something is created in it. */
  readonly requireNamespaces: boolean;
}

/** Largest stored object in bytes of JSON. Source: etcd's default request limit. */
const objectBytesMax = 1.5 * 1024 * 1024;

/** Alphabet and length of generated name endings. Source: k8s.io/apimachinery, util/rand. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const generatedNameMax = 63;

/** Refuses an object that is too large to be stored. */
export function checkSize(object: object): void {
  const size = sizeOf(object);
  if (size <= objectBytesMax) return;
  throw new SluiceError('TooLarge', `the object has ${size} bytes as JSON, at most ${objectBytesMax} can be stored`);
}

/** A memo only: stored parts never change, and most of an object is the same part from version to version. */
const partSizes = new WeakMap<object, number>();

function sizeOf(object: object): number {
  let size = 1;
  for (const [key, part] of Object.entries(object) as [string, unknown][]) {
    const isPart = typeof part === 'object' && part !== null;
    const known = isPart ? partSizes.get(part) : undefined;
    const partSize = known ?? Buffer.byteLength(JSON.stringify(part));
    if (isPart && known === undefined) partSizes.set(part, partSize);
    // The key with its quotes, a colon, and a comma or brace.
    size += Buffer.byteLength(key) + 4 + partSize;
  }
  return size;
}

/** A name that starts with `prefix` (cut to fit) and ends in random characters. */
export function generateName(prefix: string, random: Random): string {
  let suffix = '';
  for (let index = 0; index < suffixLength; index += 1) {
    suffix += suffixAlphabet.charAt(random.integer(0, suffixAlphabet.length - 1));
  }
  return prefix.slice(0, generatedNameMax - suffixLength) + suffix;
}

/** A UUID of version 4. */
export function generateUid(random: Random): string {
  const digits = Array.from({ length: 32 }, () => random.integer(0, 15).toString(16));
  digits[12] = '4';
  digits[16] = random.integer(8, 11).toString(16);
  const text = digits.join('');
  return [0, 8, 12, 16, 20].map((start, part) => text.slice(start, [8, 12, 16, 20, 32][part])).join('-');
}

/** Refuses a write with a list of problems, if there are any. */
export function refuseProblems(traits: ResourceTraits, metadata: ObjectMeta, problems: readonly string[]): void {
  if (problems.length > 0) throw invalidObject(traits.type, metadata.name, problems);
}

/** Who a write is recorded for when the client does not say. */
export const unnamedManager = 'unknown';

/** The longest name of a field manager. Source: the API server's validation. */
const managerLengthMax = 128;

/** The field manager of a write; Invalid when it is too long. */
export function managerOf(fieldManager: string | undefined): string {
  const manager = fieldManager ?? '';
  if (manager.length > managerLengthMax) {
    throw new SluiceError('Invalid', `fieldManager: Too long: may not be more than ${managerLengthMax} bytes`);
  }
  return manager === '' ? unnamedManager : manager;
}

/** The object without its status. */
export function withoutStatus(object: JsonRecord): JsonRecord {
  const { status: _, ...rest } = object;
  return rest;
}

/**
 * Refuses null where the schema does not allow it. Other writes drop it; what was applied is checked as it is, so that
 * nobody owns a field that is not there. Source: the API server.
 */
export function refuseNulls(traits: ResourceTraits, name: string, applied: JsonRecord, admitted: JsonRecord): void {
  if (!traits.custom) return;
  const paths = vanishedNulls(without(applied, 'metadata'), admitted, '');
  if (paths.length === 0) return;
  throw invalidObject(
    traits.type,
    name,
    paths.map((path) => `${path}: Invalid value: "null": must not be null`),
  );
}

function vanishedNulls(before: Json, after: Json | undefined, path: string): readonly string[] {
  if (isList(before) && isList(after)) {
    return before.flatMap((item, index) => vanishedNulls(item, after[index], `${path}[${index}]`));
  }
  if (!isRecord(before) || !isRecord(after)) return [];
  return Object.entries(before).flatMap(([key, value]) => {
    const inner = path === '' ? key : `${path}.${key}`;
    if (value === null) return Object.hasOwn(after, key) ? [] : [inner];
    return vanishedNulls(value, ownMember(after, key), inner);
  });
}
