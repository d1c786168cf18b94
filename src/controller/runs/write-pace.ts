import type { AnalysisRunStatus } from '../../api/analysis-run.ts';

/** What the time of a write is found from. */
export interface WriteFacts {
  /** The status that is stored. */
  readonly before: AnalysisRunStatus;
  /** The status that is to be written. */
  readonly after: AnalysisRunStatus;
  /** An answer is waited for that may belong into the same write. */
  readonly isAsking: boolean;
  readonly nowMs: number;
}

/** How long a write waits for the answers of other metrics of the run, which mostly come together. */
const gatherMs = 250;
/** The least time between two writes of one run: the more runs there are, the longer, so that the sum is bounded. */
const interval = { msMax: 10_000, msEach: 10 };

interface Pending {
  readonly sinceMs: number;
  /** When the run started, which a decision that was not written does not tell the next one. */
  readonly startedAt: string | undefined;
}

/**
 * Decides when the status of a run is written. What decides about the run or one of its metrics is written at once. A
 * mere measurement may wait for others, and nothing is lost meanwhile but what a crash would make us measure again.
 */
export class WritePace {
  readonly #pending = new Map<string, Pending>();
  readonly #writtenAtMs = new Map<string, number>();

  /** When the write is due; not later than now when it is due at once. */
  dueAt(uid: string, { before, after, isAsking, nowMs }: WriteFacts): number {
    if (isDecisive(before, after)) return nowMs;
    const pending = this.#pending.get(uid) ?? { sinceMs: nowMs, startedAt: after.startedAt };
    this.#pending.set(uid, pending);
    const intervalMs = Math.min(interval.msMax, interval.msEach * this.#writtenAtMs.size);
    const writtenAtMs = this.#writtenAtMs.get(uid);
    const restedAtMs = writtenAtMs === undefined ? nowMs : writtenAtMs + intervalMs;
    return Math.max(isAsking ? pending.sinceMs + gatherMs : nowMs, restedAtMs);
  }

  /** When a run started whose status was not written yet. */
  startedAt(uid: string): string | undefined {
    return this.#pending.get(uid)?.startedAt;
  }

  /** The status was written; `nowMs` is absent when there was nothing to write. */
  wrote(uid: string, nowMs?: number): void {
    this.#pending.delete(uid);
    if (nowMs !== undefined) this.#writtenAtMs.set(uid, nowMs);
  }

  forget(uid: string): void {
    this.#pending.delete(uid);
    this.#writtenAtMs.delete(uid);
  }
}

/** True when the run or one of its metrics has come to an end. */
function isDecisive(before: AnalysisRunStatus, after: AnalysisRunStatus): boolean {
  if (isEnd(after.phase) || after.message !== before.message) return true;
  const phases = new Map((before.metricResults ?? []).map(({ name, phase }) => [name, phase]));
  return (after.metricResults ?? []).some(({ name, phase }) => isEnd(phase) && phases.get(name) !== phase);
}

function isEnd(phase: string): boolean {
  return phase !== '' && phase !== 'Pending' && phase !== 'Running';
}
