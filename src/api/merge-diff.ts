/** A JSON object. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * The RFC 7396 merge patch that turns one JSON object into another: changed fields with their new value, absent ones as
 * null. Lists are replaced whole. undefined when nothing differs.
 */
export function mergeDiff(from: Fields, to: Fields): Fields | undefined {
  const patch: Record<string, unknown> = {};
  for (const field of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [from[field], to[field]];
    if (after === undefined) {
      if (before !== undefined) patch[field] = null;
    } else if (isFields(before) && isFields(after)) {
      const inner = mergeDiff(before, after);
      if (inner !== undefined) patch[field] = inner;
    } else if (!equalJson(before, after)) {
      patch[field] = after;
    }
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** True when both are the same JSON, whatever the order of keys. */
export function equalJson(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => equalJson(item, right[index]));
  }
  return isFields(left) && isFields(right) ? mergeDiff(left, right) === undefined : left === right;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
