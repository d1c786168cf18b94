/** Fields of an object by their paths; a path that leads to nothing, or to more than one value, is left out. */
export type FieldTexts = Readonly<Record<string, string>>;

/** Reads `metadata.name`, `metadata.labels['x']`, `spec.list[0].name` and their kin, as text. */
export function readFieldPath(root: unknown, path: string): string | undefined {
  let value = root;
  for (const [, plain, quoted] of path.matchAll(/([A-Za-z0-9_-]+)|\['([^']*)'\]/g)) {
    const key = quoted ?? plain ?? '';
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** What arguments anywhere in a part of a specification take from the pod template, by their paths. */
export function templateFields(part: unknown, template: unknown): FieldTexts {
  const root = { spec: { template } };
  return Object.fromEntries(
    pathsIn(part)
      .filter((path) => isTemplateField(path))
      .flatMap((path) => {
        const text = readFieldPath(root, path);
        return text === undefined ? [] : [[path, text]];
      }),
  );
}

/** True for the path of a field of the pod template. */
export function isTemplateField(path: string): boolean {
  return path.startsWith('spec.template.');
}

/** Every `fieldPath` in a value. */
function pathsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) =>
    key === 'fieldPath' && typeof member === 'string' ? [member] : pathsIn(member),
  );
}
