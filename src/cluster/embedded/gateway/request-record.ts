/** What became of one request, told once it is over. */
export interface RequestRecord {
  /** When it arrived, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** From its arrival to the last byte of its answer. */
  readonly durationMs: number;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** `namespace/name` of the HTTPRoute; empty when none matched. */
  readonly route: string;
  /** Name of the Service that was chosen; empty when none was. */
  readonly backend: string;
  readonly pod: string;
  /** Pod-template hash of the pod that answered; empty when none did. */
  readonly revision: string;
  /** Status that the client was sent, or 499 when it had gone before. */
  readonly status: number;
  readonly outcome: RequestOutcome;
  /** True for the copy that a mirror got; its answer was thrown away. */
  readonly isMirror: boolean;
}

/**
 * - `answered`: the pod's answer was passed on whole, whatever its status.
 * - `redirected`, `unrouted`, `misrouted` (a backend that does not exist), `no-pod`: the gateway answered by itself.
 * - `pod-failed`: the pod broke off before or in its answer, or took too long.
 * - `client-gone`: the client left first.
 */
export type RequestOutcome =
  | 'answered'
  | 'redirected'
  | 'unrouted'
  | 'misrouted'
  | 'no-pod'
  | 'pod-failed'
  | 'client-gone';

/** Requests counted by where they went and how they ended. */
export interface RequestCount {
  readonly route: string;
  readonly backend: string;
  readonly revision: string;
  readonly outcome: RequestOutcome;
  /** First digit of the status, e.g. `2xx`. */
  readonly statusClass: string;
  readonly isMirror: boolean;
  readonly count: number;
}

const seriesCountMax = 10_000;

/** Counts requests since the start. Beyond the bound on series new ones are counted under empty names. */
export class RequestCounters {
  readonly #counts = new Map<string, RequestCount>();

  add(record: RequestRecord): void {
    const { route, backend, revision, outcome, isMirror } = record;
    const statusClass = `${Math.floor(record.status / 100)}xx`;
    const series = { route, backend, revision, outcome, statusClass, isMirror };
    const isFull = this.#counts.size >= seriesCountMax && !this.#counts.has(JSON.stringify(series));
    const counted = isFull ? { ...series, route: '', backend: '', revision: '' } : series;
    const key = JSON.stringify(counted);
    this.#counts.set(key, { ...counted, count: (this.#counts.get(key)?.count ?? 0) + 1 });
  }

  read(): readonly RequestCount[] {
    return [...this.#counts.values()];
  }
}
