/** One part of a path; `bracketed` ones name an item of a list by its type or name, or a key with dots. */
interface PathPart {
  readonly key: string;
  readonly bracketed: boolean;
}

type Item = Record<string, unknown>;

/** A value by a path such as `status.conditions[Progressing].reason` or `metadata.annotations[a.b/c]`. */
export function readPath(value: unknown, path: string): unknown {
  let current = value;
  for (const { key } of partsOf(path)) {
    if (Array.isArray(current)) current = (current as readonly Item[])[indexOf(current, key)];
    else if (typeof current === 'object' && current !== null) current = (current as Item)[key];
    else return undefined;
  }
  return current;
}

/** Writes a value in place; null removes it. Parts that are missing on the way are made. */
export function writePath(object: Item, path: string, value: unknown): void {
  const parts = partsOf(path);
  let current: unknown = object;
  for (const [index, { key }] of parts.entries()) {
    const next = parts[index + 1];
    if (next === undefined) {
      put(current, key, structuredClone(value));
      return;
    }
    current = child(current, key, next, index + 2 === parts.length ? value : undefined);
  }
}

function partsOf(path: string): readonly PathPart[] {
  return [...path.matchAll(/([^.[\]]+)|\[([^\]]*)\]/gu)].map(([, plain, bracketed]) => ({
    key: bracketed ?? plain ?? '',
    bracketed: bracketed !== undefined,
  }));
}

function indexOf(items: readonly unknown[], key: string): number {
  if (/^\d+$/u.test(key)) return Number(key);
  return items.findIndex((item) => isNamed(item, key));
}

function isNamed(item: unknown, key: string): boolean {
  const { type, name } = (item ?? {}) as Item;
  return type === key || name === key;
}

function put(container: unknown, key: string, value: unknown): void {
  if (!Array.isArray(container)) {
    const fields = container as Item;
    if (value === null) delete fields[key];
    else fields[key] = value;
    return;
  }
  const at = indexOf(container, key);
  if (value === null) container.splice(at, 1);
  else if (at < 0) container.push(value);
  else container[at] = value;
}

/** The container behind a key, made when it is missing: a list when what comes next names an item of one. */
function child(container: unknown, key: string, next: PathPart, value: unknown): unknown {
  if (Array.isArray(container)) return container[indexOf(container, key)];
  const fields = container as Item;
  const isList = next.bracketed && (/^\d+$/u.test(next.key) || isNamed(value, next.key));
  fields[key] ??= isList ? [] : {};
  return fields[key];
}
