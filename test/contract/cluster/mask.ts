import type { Json } from '../../../src/api/object.ts';

/** What was masked so far: the same value always gets the same mask, so that equality stays visible in a record. */
export type Masks = Map<string, string>;

/** Fields whose values differ from run to run, and what they are called in a record. */
const maskedFields: ReadonlyMap<string, string> = new Map([
  ['uid', 'uid'],
  ['resourceVersion', 'version'],
  ['continueToken', 'token'],
]);

const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/;

/** A copy as JSON with uids, versions, tokens numbered in order of appearance, and times replaced by `<time>`. */
export function maskJson(value: unknown, masks: Masks): Json {
  return mask(JSON.parse(JSON.stringify(value ?? null)) as Json, '', masks);
}

function mask(value: Json, field: string, masks: Masks): Json {
  if (typeof value === 'string') return maskText(value, field, masks);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => mask(item, field, masks));
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [maskText(key, '', masks), mask(item, key, masks)]));
}

function maskText(text: string, field: string, masks: Masks): string {
  const kind = maskedFields.get(field);
  if (kind !== undefined && text !== '') {
    const mask = masks.get(text) ?? nextMask(kind, masks);
    masks.set(text, mask);
    return mask;
  }
  if (instant.test(text)) return '<time>';
  return replaceKnown(text, masks);
}

function nextMask(kind: string, masks: Masks): string {
  const count = [...masks.values()].filter((mask) => mask.startsWith(`<${kind}-`)).length;
  return `<${kind}-${count + 1}>`;
}

/** Masks identities inside longer text. Short texts (small versions) are left: they could be anything. */
function replaceKnown(text: string, masks: Masks): string {
  let masked = text;
  for (const [known, mask] of masks) {
    if (known.length >= 8) masked = masked.replaceAll(known, mask);
  }
  return masked;
}
