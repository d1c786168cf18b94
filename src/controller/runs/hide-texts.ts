import { redact } from '../../analysis/resolve-arguments.ts';
import type { Json } from '../../api/object.ts';
import type { MetricOutcome } from '../../providers/metrics/contract.ts';

/** What of an outcome is stored and shown. */
const shownFields: ReadonlySet<string> = new Set(['value', 'message', 'reason', 'metadata']);

/** The outcome without the texts that nobody may see: a source may repeat in its answer what it was sent. */
export function hideTexts(outcome: MetricOutcome, hidden: readonly string[]): MetricOutcome {
  if (hidden.length === 0) return outcome;
  const fields = Object.entries(outcome).map(([name, value]) => [
    name,
    shownFields.has(name) ? hideIn(value, hidden) : value,
  ]);
  // The same fields with the same types.
  return Object.fromEntries(fields) as MetricOutcome;
}

function hideIn(value: Json, hidden: readonly string[]): Json {
  if (typeof value === 'string') return redact(value, hidden);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: Json) => hideIn(item, hidden));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [redact(key, hidden), hideIn(item, hidden)]));
}
