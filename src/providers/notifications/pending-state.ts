import { numberOf, optionalRecord, recordOf, textOf } from '../../api/json-access.ts';

/** Annotation of a Rollout that remembers what somebody is still to be told of. */
export const pendingAnnotation = 'notifications.sluice.dev/pending';

/** Something that happened, or is about to. */
export interface PendingOccasion {
  /** Type and reason of the Event that tells of it. */
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** Tells it from the same thing at another time. */
  readonly once: string;
  /** In seconds since the epoch. */
  readonly atSeconds: number;
  /** Index of the step before it, which templates may speak of. */
  readonly step?: number;
  /** The state of the Rollout before it, when it has happened only once that is left. */
  readonly before?: string;
}

/** Occasions by what they are known by. */
export type PendingState = ReadonlyMap<string, PendingOccasion>;

/** Occasions that are kept; of more, the oldest go. */
const occasionsMax = 50;

/** What an occasion is known by. */
export function pendingKey({ reason, once }: Pick<PendingOccasion, 'reason' | 'once'>): string {
  return `${reason}:${once}`;
}

/** Reads the annotation. What is not understood counts as nothing. */
export function readPending(text: string | undefined): PendingState {
  if (text === undefined || text === '') return new Map();
  try {
    const entries = Object.entries(optionalRecord(JSON.parse(text)) ?? {});
    return new Map(entries.flatMap(([key, value]) => readOccasion(key, value)));
  } catch {
    return new Map();
  }
}

/** The annotation's text; null, which removes it, when nothing is to be remembered. */
export function writePending(state: PendingState): string | null {
  const newest = [...state.values()].sort((one, other) => other.atSeconds - one.atSeconds).slice(0, occasionsMax);
  if (newest.length === 0) return null;
  const entries = newest.map(({ atSeconds: at, type, step, before, ...occasion }) => [
    pendingKey(occasion),
    { at, ...(type === 'Warning' ? { type } : {}), ...optional({ step, before }) },
  ]);
  return JSON.stringify(Object.fromEntries(entries.sort(([one], [other]) => ((one ?? '') < (other ?? '') ? -1 : 1))));
}

function readOccasion(key: string, value: unknown): readonly (readonly [string, PendingOccasion])[] {
  const [reason = '', once = '', ...rest] = key.split(':');
  const { at, type, step, before } = recordOf(value);
  const atSeconds = numberOf(at);
  if (reason === '' || once === '' || rest.length > 0 || atSeconds === undefined) return [];
  const isWarning = textOf(type) === 'Warning';
  const occasion = { type: isWarning ? 'Warning' : 'Normal', reason, once, atSeconds } as const;
  const more = { step: numberOf(step), before: textOf(before) === '' ? undefined : textOf(before) };
  return [[key, { ...occasion, ...optional(more) }]];
}

function optional({
  step,
  before,
}: {
  readonly step: number | undefined;
  readonly before: string | undefined;
}): Pick<PendingOccasion, 'step' | 'before'> {
  return { ...(step === undefined ? {} : { step }), ...(before === undefined ? {} : { before }) };
}
