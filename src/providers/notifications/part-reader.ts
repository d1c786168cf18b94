import { listOf, optionalRecord, recordOf, textOf } from '../../api/json-access.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { Notification } from './contract.ts';

/** The texts of a notification's part for one kind of service; empty where nothing is said. */
export function partText({ parts }: Notification, part: string, field: string): string {
  return textOf(recordOf(parts[part])[field]);
}

/** A list of objects that a template wrote as JSON text; empty for an empty text. */
export function jsonObjects(text: string, field: string): Result<readonly { readonly [key: string]: Json }[], string> {
  if (text.trim() === '') return succeed([]);
  const parsed = jsonValue(text, field);
  if (!parsed.ok) return parsed;
  const items = listOf(parsed.value);
  const isList = Array.isArray(parsed.value) && items.every((item) => optionalRecord(item) !== undefined);
  // JSON all the way down, as it was just parsed.
  return isList
    ? succeed(items as readonly { readonly [key: string]: Json }[])
    : fail(`${field} is no list of objects`);
}

/** What a template wrote as JSON text. */
export function jsonValue(text: string, field: string): Result<Json, string> {
  try {
    return succeed(JSON.parse(text) as Json);
  } catch {
    return fail(`${field} is no JSON once its values are filled in`);
  }
}
