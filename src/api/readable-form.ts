import { unreachable } from '../base/invariant.ts';
import { isJsonList, isJsonObject, jsonObject, type JsonObject } from './json-value.ts';
import type { Json } from './object.ts';
import { fieldSchema } from './structural-shape.ts';
import { fitsType } from './structural-validate.ts';
import type { StructuralSchema, StructuralType } from './structural.ts';

/** What is put in the place of parts that a schema refuses. */
interface StandIn {
  /** So many levels of objects and lists are filled in. With 0, parts that may be missing are left out. */
  readonly depth: number;
  readonly text: string;
  readonly number: number;
}

/** How many ways of putting a value right are tried. Only a bound on work; most manifests have fewer scalars. */
const formsMax = 200;

/** Enough to reach the name of an item of a list in the part that is replaced. */
const depthMax = 3;

const nothing: StandIn = { depth: 0, text: '', number: 0 };
const smallest: StandIn = { ...nothing, depth: depthMax };

/**
 * Forms of a value in which every part has the type that its schema promises: parts of a wrong type, and required
 * parts that are missing, are left out in one form, and have a right value in the others. That value may have to agree
 * with another part of the same manifest, so each scalar of the manifest is tried once. Items of lists keep their
 * places. Parts of `kept` (full paths) stay as they are.
 */
export function readableForms(schema: StructuralSchema, value: Json, kept: ReadonlySet<string>): readonly Json[] {
  const [texts, numbers] = scalarsOf(value);
  const count = Math.min(Math.max(texts.length, numbers.length), formsMax);
  const others = Array.from({ length: count }, (_, index) => ({
    depth: depthMax,
    text: texts[index] ?? 'value',
    number: numbers[index] ?? 1,
  }));
  return [nothing, smallest, ...others].map(
    (standIn) => readablePart(schema, value, '', { standIn, kept }) ?? rightValue(schema, standIn),
  );
}

/** The different texts and whole numbers in a value. */
function scalarsOf(value: Json): readonly [texts: readonly string[], numbers: readonly number[]] {
  const texts = new Set<string>();
  const numbers = new Set<number>();
  const visit = (part: Json): void => {
    if (typeof part === 'string') texts.add(part);
    else if (typeof part === 'number') numbers.add(Math.trunc(part));
    else if (isJsonList(part)) part.forEach(visit);
    else if (isJsonObject(part)) Object.values(part).forEach(visit);
  };
  visit(value);
  return [[...texts], [...numbers]];
}

interface Repair {
  readonly standIn: StandIn;
  readonly kept: ReadonlySet<string>;
}

/** undefined when the part is to be left out. */
function readablePart(schema: StructuralSchema, value: Json, path: string, repair: Repair): Json | undefined {
  if (repair.kept.has(path)) return value;
  if (!fitsType(schema, value)) return repair.standIn.depth > 0 ? rightValue(schema, repair.standIn) : undefined;
  if (isJsonList(value)) return readableList(schema, value, path, repair);
  return isJsonObject(value) ? readableObject(schema, value, path, repair) : value;
}

function readableList(schema: StructuralSchema, list: readonly Json[], path: string, repair: Repair): Json {
  const { items } = schema;
  if (items === undefined) return list;
  return list.map(
    (item, index) => readablePart(items, item, `${path}[${index}]`, repair) ?? rightValue(items, repair.standIn),
  );
}

function readableObject(schema: StructuralSchema, object: JsonObject, path: string, repair: Repair): Json {
  const entries = Object.entries(object).flatMap(([key, item]): [string, Json][] => {
    const field = fieldSchema(schema, key);
    const part = field === undefined ? item : readablePart(field, item, path === '' ? key : `${path}.${key}`, repair);
    return part === undefined ? [] : [[key, part]];
  });
  return completed(schema, jsonObject(entries), repair.standIn);
}

/** The object with a right value for each required member that it lacks. */
function completed(schema: StructuralSchema, object: JsonObject, standIn: StandIn): JsonObject {
  const missing = (schema.required ?? []).filter((key) => !Object.hasOwn(object, key));
  return missing.length === 0 ? object : { ...object, ...membersOf(schema, missing, standIn) };
}

function membersOf(schema: StructuralSchema, keys: readonly string[], standIn: StandIn): JsonObject {
  return jsonObject(keys.map((key) => [key, rightValue(fieldSchema(schema, key) ?? {}, standIn)]));
}

function rightValue(schema: StructuralSchema, standIn: StandIn): Json {
  const { enum: allowed = [] } = schema;
  const [listed] = allowed;
  if (listed !== undefined) return standIn.depth > 0 ? (allowed.at(-1) ?? listed) : listed;
  if (schema['x-kubernetes-int-or-string'] === true) return standIn.number;
  return rightValueOfType(schema, schema.type ?? 'object', standIn);
}

function rightValueOfType(schema: StructuralSchema, type: StructuralType, standIn: StandIn): Json {
  const { depth, text, number } = standIn;
  const inner = { ...standIn, depth: Math.max(0, depth - 1) };
  switch (type) {
    case 'object':
      return membersOf(schema, depth > 0 ? namesOf(schema, text) : (schema.required ?? []), inner);
    case 'array':
      return depth > 0 && schema.items !== undefined ? [rightValue(schema.items, inner)] : [];
    case 'string':
      return text;
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? number, number);
    case 'boolean':
      return depth > 0;
    default:
      return unreachable(type);
  }
}

/** The properties of an object, or of a map one key. */
function namesOf({ properties, additionalProperties }: StructuralSchema, text: string): readonly string[] {
  if (properties !== undefined) return Object.keys(properties);
  return additionalProperties === undefined || additionalProperties === false ? [] : [text];
}
