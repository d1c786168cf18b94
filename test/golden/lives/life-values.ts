/** The values of two histories as text, each once in a row, by those parts only that change at all. */
export function valueLines(
  recorded: readonly unknown[],
  ours: readonly unknown[],
): { readonly recorded: readonly string[]; readonly ours: readonly string[] } {
  const [left, right] = [recorded, ours].map((values) => values.map((value) => leavesOf(value, '')));
  const all = [...(left ?? []), ...(right ?? [])];
  const paths = [...new Set(all.flatMap((leaves) => [...leaves.keys()]))];
  const changing = paths.filter((path) => new Set(all.map((leaves) => leaves.get(path))).size > 1);
  const line = (leaves: ReadonlyMap<string, string>): string =>
    changing
      .filter((path) => leaves.has(path))
      .map((path) => (path === '' ? (leaves.get(path) ?? '') : `${path}=${leaves.get(path) ?? ''}`))
      .join(' ');
  const lines = (values: readonly ReadonlyMap<string, string>[] = []): readonly string[] => collapse(values.map(line));
  return { recorded: lines(left), ours: lines(right) };
}

function collapse(lines: readonly string[]): readonly string[] {
  return lines.filter((line, index) => line !== lines[index - 1]);
}

/** Paths of a value and what stands there as text. Items of lists go by their name where they have one. */
function leavesOf(value: unknown, path: string): ReadonlyMap<string, string> {
  if (typeof value !== 'object' || value === null) {
    return new Map(value === undefined || value === null ? [] : [[path, JSON.stringify(value)]]);
  }
  const entries = Array.isArray(value)
    ? value.map((item, index) => [`[${nameOf(item, index)}]`, item])
    : Object.entries(value);
  return new Map(
    entries.flatMap(([key, item]) => [
      ...leavesOf(
        item,
        path === '' || String(key).startsWith('[') ? `${path}${String(key)}` : `${path}.${String(key)}`,
      ),
    ]),
  );
}

function nameOf(item: unknown, index: number): string {
  const { name } = (item ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' ? name : String(index);
}
