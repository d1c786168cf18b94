/** Names of fields whose values may be secrets. */
const secretNames: ReadonlySet<string> = new Set(['token', 'authorization', 'password', 'secret']);
/** Fields further inside are left out of a line altogether. */
const depthMax = 4;

/** The fields of a log line with a mark in place of every value that may be a secret, at whatever depth. */
export function hideSecrets(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return hideIn(fields, depthMax);
}

function hideIn(fields: object, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    shown[name] = secretNames.has(name.toLowerCase()) ? '[hidden]' : hideValue(value, depth - 1);
  }
  return shown;
}

function hideValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth <= 0) return '[left out]';
  if (Array.isArray(value)) return value.map((item: unknown) => hideValue(item, depth - 1));
  return hideIn(value, depth);
}
