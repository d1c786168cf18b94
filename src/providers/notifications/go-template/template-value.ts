import { formatFloat } from '../../../analysis/expression/format-value.ts';
import { compareUtf8 } from '../../../api/go-string.ts';
import type { Json } from '../../../api/object.ts';

/**
 * A value in a template. Data is JSON, whose numbers are floats; whole numbers that a template writes or computes are
 * bigints, as they print differently. Undefined is what a key leads to that is not there.
 */
export type TemplateValue = Json | bigint | undefined | readonly TemplateValue[] | TemplateMap;

/** A map with text keys. Only own properties count. */
export interface TemplateMap {
  readonly [key: string]: TemplateValue;
}

/** The value as a list; undefined when it is none. */
export function listIn(value: TemplateValue): readonly TemplateValue[] | undefined {
  // Array.isArray does not narrow readonly lists.
  return Array.isArray(value) ? (value as readonly TemplateValue[]) : undefined;
}

/** The value as a map; undefined when it is none. */
export function mapIn(value: TemplateValue): TemplateMap | undefined {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMap ? (value as TemplateMap) : undefined;
}

/** Keys in the order in which they are walked through and shown. */
export function sortedKeys(map: TemplateMap): readonly string[] {
  return Object.keys(map).sort(compareUtf8);
}

/** False for nothing, false, zero, and what is empty. */
export function isTrue(value: TemplateValue): boolean {
  if (value === undefined || value === null) return false;
  const items = listIn(value);
  if (items !== undefined) return items.length > 0;
  const map = mapIn(value);
  return map === undefined ? Boolean(value) : Object.keys(map).length > 0;
}

/** What messages call the type of a value. */
export function kindOf(value: TemplateValue): string {
  if (value === undefined || value === null) return 'nil';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float';
  if (typeof value !== 'object') return typeof value;
  return Array.isArray(value) ? 'list' : 'map';
}

/** The text of a value as Go prints it, e.g. `1e+06`, `[1 a]`, `map[k:v]`. */
export function valueText(value: TemplateValue, depth = 0): string {
  if (value === undefined || value === null) return depth === 0 ? '<no value>' : '<nil>';
  if (typeof value === 'number') return formatFloat(value);
  if (typeof value !== 'object') return String(value);
  // Data is JSON as it was parsed, so its depth is bounded already.
  const map = mapIn(value);
  if (map === undefined) return `[${(listIn(value) ?? []).map((item) => valueText(item, depth + 1)).join(' ')}]`;
  return `map[${sortedKeys(map)
    .map((key) => `${key}:${valueText(map[key], depth + 1)}`)
    .join(' ')}]`;
}
