import type { Json } from '../../../api/object.ts';
import { isRecord } from '../json.ts';

/**
 * RFC 7396: members of the patch replace members of the target, null removes, objects are merged, all else is replaced.
 * Objects that do not change are shared with the target.
 */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isRecord(patch)) return patch;
  const base = isRecord(target) ? target : {};
  let merged: Record<string, Json> | undefined;
  for (const [key, value] of Object.entries(patch)) {
    const member = value === null ? undefined : mergePatch(base[key], value);
    if (member === base[key]) continue;
    merged ??= { ...base };
    if (member === undefined) delete merged[key];
    else merged[key] = member;
  }
  return merged ?? base;
}
