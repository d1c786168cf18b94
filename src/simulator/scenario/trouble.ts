import { resourceTypes } from '../../api/resource-types.ts';
import { SluiceError } from '../../base/error.ts';
import type { ProcessFaults, WatchFault } from '../process-faults.ts';
import type { CallFault, SentCall } from '../sent-call.ts';

/** What a scenario can let go wrong for a while. */
export type TroubleKind =
  /** Writes are made, but their answers get lost. */
  | 'answers lost'
  /** Changes of ReplicaSets are made only after their caller gave up. */
  | 'sizes late'
  /** Changes of Services likewise. */
  | 'switches late'
  /** Writes are refused, and nothing is done. */
  | 'writes refused'
  /** A watch ends instead of telling what happened. */
  | 'watches closed'
  /** Watches stay open and tell nothing; what happens meanwhile comes when it is over. */
  | 'watches silent'
  /** A watch that should tell something now stays open and never tells anything again. */
  | 'watches dead'
  /** No watch can be opened. */
  | 'watches refused';

const lateKinds = [
  { trouble: 'sizes late', of: resourceTypes.replicaSet.kind },
  { trouble: 'switches late', of: resourceTypes.service.kind },
] as const;

/** When the caller of a late change gives up, and how long after that it is made. */
const lateness = { giveUpMs: 1000, lateMs: 3000 } as const;

/** Longer than any scenario. */
const foreverMs = 86_400_000;

/** What goes wrong now between the controller and the cluster, as the scenario says. */
export class Trouble implements ProcessFaults {
  readonly #untilMs = new Map<TroubleKind, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Lets something go wrong from now on, for so many milliseconds. */
  begin(kind: TroubleKind, durationMs: number): void {
    this.#untilMs.set(kind, this.#nowMs() + durationMs);
  }

  call({ verb, type }: Pick<SentCall, 'verb' | 'type'>): CallFault | undefined {
    if (this.#leftMs('writes refused') > 0) {
      return { kind: 'refuse', error: new SluiceError('TooManyRequests', 'not now', { retryAfterMs: 1000 }) };
    }
    if (verb === 'patch' && lateKinds.some((kind) => type.kind === kind.of && this.#leftMs(kind.trouble) > 0)) {
      return { kind: 'late', error: new SluiceError('Timeout', 'the answer did not come in time'), ...lateness };
    }
    if (this.#leftMs('answers lost') === 0) return undefined;
    return { kind: 'loseAnswer', error: new SluiceError('Timeout', 'the answer did not come') };
  }

  openWatch(): SluiceError | undefined {
    return this.#leftMs('watches refused') > 0 ? new SluiceError('Unavailable', 'no watches now') : undefined;
  }

  watchEvent(): WatchFault | undefined {
    if (this.#leftMs('watches closed') > 0) return { kind: 'close' };
    if (this.#leftMs('watches dead') > 0) return { kind: 'hold', holdMs: foreverMs };
    const holdMs = this.#leftMs('watches silent');
    return holdMs > 0 ? { kind: 'hold', holdMs } : undefined;
  }

  #leftMs(kind: TroubleKind): number {
    return Math.max((this.#untilMs.get(kind) ?? 0) - this.#nowMs(), 0);
  }
}
