import { optionalRecord } from '../../api/json-access.ts';
import type { Json } from '../../api/object.ts';

/** A configuration with its secrets filled in. */
export interface FilledConfiguration {
  readonly configuration: Json;
  /** Names that are referred to and that the Secret does not have. */
  readonly missing: readonly string[];
}

/** How a secret is referred to inside a text. */
const reference = /\$([\w-]+)/g;

/**
 * Puts values of the Secret where texts of a configuration refer to them as `$name`. A reference that leads nowhere
 * stays as it is and is told.
 */
export function fillSecrets(configuration: Json, secrets: Readonly<Record<string, string>>): FilledConfiguration {
  const missing = new Set<string>();
  const fillText = (text: string): string =>
    text.replaceAll(reference, (whole, name: string) => {
      if (Object.hasOwn(secrets, name)) return secrets[name] ?? '';
      missing.add(name);
      return whole;
    });
  const fill = (value: Json): Json => {
    if (typeof value === 'string') return fillText(value);
    if (Array.isArray(value)) return value.map((item: Json) => fill(item));
    const record = optionalRecord(value);
    if (record === undefined) return value;
    // The members of JSON are JSON.
    return Object.fromEntries(Object.entries(record).map(([key, member]) => [key, fill(member as Json)]));
  };
  return { configuration: fill(configuration), missing: [...missing] };
}
