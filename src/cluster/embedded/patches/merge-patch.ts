import type { Json } from '../../../api/object.ts';
import { isList, isRecord, ownMember } from '../json.ts';

/**
 * RFC 7396: members of the patch replace members of the target, null removes, objects are merged, all else is replaced.
 * Objects that do not change are shared with the target. As in the API server's library, and beyond the RFC, null also
 * removes members of objects inside lists.
 */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isRecord(patch)) return isList(patch) ? patch.map(withoutNullMembers) : patch;
  const base = isRecord(target) ? target : {};
  let merged: Record<string, Json> | undefined;
  for (const [key, value] of Object.entries(patch)) {
    const own = ownMember(base, key);
    const member = value === null ? undefined : mergePatch(own, value);
    if (member === own) continue;
    merged ??= { ...base };
    if (member === undefined) delete merged[key];
    else merged[key] = member;
  }
  return merged ?? base;
}

function withoutNullMembers(item: Json): Json {
  return isRecord(item) || isList(item) ? mergePatch(undefined, item) : item;
}
