import type { ErrorCode } from '../base/error.ts';

/** Who caused an effect: the engine by its own decision, or a person by a command. */
export interface Actor {
  readonly kind: 'engine' | 'person';
  readonly name: string;
}

/** What is about to be done. Written before it is done. */
export interface Intent {
  /** `cluster/namespace/name` of the Rollout. */
  readonly subject: string;
  readonly revision: number;
  readonly actor: Actor;
  /** Kind of the effect, e.g. `setTraffic`. */
  readonly action: string;
  /** The effect in one line. */
  readonly text: string;
  /** Why, from the decision. */
  readonly reason: string;
  /** Wall time in milliseconds since the epoch. */
  readonly at: number;
}

/** What became of an intent. `unknown`: the answer was lost, so it may or may not have happened. */
export type JournalResult =
  | { readonly kind: 'done'; readonly resourceVersion?: string }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'unknown'; readonly message: string };

/** One line of the journal. */
export interface JournalEntry {
  /** Counts from 1 without gaps. */
  readonly sequence: number;
  readonly intent: Intent;
  readonly result: JournalResult | undefined;
}

/**
 * The record around every effect: intent before, result after. `begin` rejects when nothing can be recorded; then the
 * effect must not be done, unless it lowers exposure.
 */
export interface Journal {
  begin(intent: Intent): Promise<number>;
  end(sequence: number, result: JournalResult): Promise<void>;
}

/** A journal in memory that keeps the newest entries. */
export interface MemoryJournal extends Journal {
  /** Oldest first. */
  entries(): readonly JournalEntry[];
}

/** Makes a journal in memory; older entries than `entriesMax` are dropped. */
export function createMemoryJournal(entriesMax = 10_000): MemoryJournal {
  const entries: JournalEntry[] = [];
  let last = 0;
  return {
    begin(intent) {
      last += 1;
      entries.push({ sequence: last, intent, result: undefined });
      if (entries.length > entriesMax) entries.shift();
      return Promise.resolve(last);
    },
    end(sequence, result) {
      // Sequence numbers have no gaps, so the place of an entry follows from the first one's.
      const index = sequence - (entries[0]?.sequence ?? 0);
      const entry = entries[index];
      if (entry !== undefined) entries[index] = { ...entry, result };
      return Promise.resolve();
    },
    entries: () => entries,
  };
}
