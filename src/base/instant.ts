/**
 * Instants are milliseconds since the Unix epoch inside the code and RFC 3339 text in resources. Kubernetes stores
 * metav1.Time with whole seconds and metav1.MicroTime with six fraction digits; both are UTC and end in "Z".
 */

/** Formats as metav1.Time: whole seconds, cut off (not rounded), e.g. `2026-11-25T20:52:44Z`. */
export function formatInstant(instantMs: number): string {
  return `${new Date(Math.floor(instantMs / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** Formats as metav1.MicroTime: exactly six fraction digits, the only form a Lease accepts. */
export function formatInstantMicro(instantMs: number): string {
  return `${new Date(Math.floor(instantMs)).toISOString().slice(0, 23)}000Z`;
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Parses RFC 3339 text to milliseconds since the epoch; undefined when it is not such a text. */
export function parseInstant(text: string): number | undefined {
  if (!rfc3339.test(text)) return undefined;
  const instantMs = Date.parse(text);
  return Number.isNaN(instantMs) ? undefined : instantMs;
}

/** Parses the date of an HTTP header (RFC 9110) to milliseconds since the epoch; undefined when it is none. */
export function parseHttpDate(text: string): number | undefined {
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return undefined;
  const instantMs = Date.parse(text);
  return Number.isNaN(instantMs) ? undefined : instantMs;
}
