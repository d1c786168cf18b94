/**
 * Arguments stand in the texts of a metric as `{{args.name}}`. Every pair of double braces is a placeholder; blanks
 * inside are ignored.
 */
const placeholderPattern = /\{\{([^{}]*)\}\}/g;

/** The distinct placeholders in all texts of a value, without braces and blanks, e.g. `args.service`. */
export function placeholdersIn(value: unknown): readonly string[] {
  const found = [...JSON.stringify(value ?? null).matchAll(placeholderPattern)];
  return [...new Set(found.map(([, tag = '']) => tag.trim()))];
}

/** Whether a text has any placeholder. */
export function hasPlaceholder(text: string): boolean {
  return placeholdersIn(text).length > 0;
}

/** Puts values into a text; a placeholder without a value stays as it is. Keys are as `placeholdersIn` gives them. */
export function fillPlaceholders(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(placeholderPattern, (whole, tag: string) => values.get(tag.trim()) ?? whole);
}
