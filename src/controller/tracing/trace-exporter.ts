import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { HttpPort } from '../http-port.ts';
import { otlpBody, type Span, type TraceSource } from './span.ts';

/** What the exporter is made with. */
export interface TraceExporterOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly http: HttpPort;
  /** Base address of a collector; spans go to `/v1/traces` below it. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly source: TraceSource;
}

/** Sends spans to a collector by OTLP over HTTP in JSON. Adding never waits and never fails. */
export interface TraceExporter {
  add(spans: readonly Span[]): void;
  /** Sends what waits, once, and ends. */
  stop(): Promise<void>;
  /** Spans that were given up. */
  readonly lost: number;
}

const waitingMax = 4096;
const batchMax = 512;
const intervalMs = 2000;
const intervalMsMax = 60_000;
const timeoutMs = 10_000;
/** With longer delays each time; then the batch is given up. */
const attemptsMax = 5;
/** Statuses after which the same request may be sent again (OTLP 1.x, "Failures"). */
const passingStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Makes the exporter. Nothing is sent before a span comes. */
export function createTraceExporter(options: TraceExporterOptions): TraceExporter {
  return new BatchExporter(options);
}

class BatchExporter implements TraceExporter {
  readonly #options: TraceExporterOptions;
  readonly #url: string;
  readonly #stopping = new AbortController();
  readonly #waiting: Span[] = [];
  #cancel: (() => void) | undefined;
  #sending: Promise<void> | undefined;
  #attempts = 0;
  lost = 0;

  constructor(options: TraceExporterOptions) {
    this.#options = options;
    this.#url = `${options.endpoint.replace(/\/+$/, '')}/v1/traces`;
  }

  add(spans: readonly Span[]): void {
    if (this.#stopping.signal.aborted) return;
    this.#waiting.push(...spans);
    const excess = this.#waiting.length - waitingMax;
    if (excess > 0) {
      this.#waiting.splice(0, excess);
      this.lost += excess;
    }
    this.#schedule(intervalMs);
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    await this.#sending;
    if (this.#waiting.length > 0) await this.#send();
    this.#cancel?.();
    this.#stopping.abort(new Error('the controller stops'));
  }

  #schedule(delayMs: number): void {
    if (this.#cancel !== undefined || this.#sending !== undefined) return;
    this.#cancel = this.#options.clock.schedule(delayMs, () => {
      this.#cancel = undefined;
      this.#sending = this.#send().finally(() => {
        this.#sending = undefined;
        if (this.#waiting.length > 0) this.#schedule(this.#delayMs());
      });
    });
  }

  /** A full batch behind the last one does not wait; one that was refused does. */
  #delayMs(): number {
    if (this.#attempts > 0) return Math.min(intervalMs * 2 ** this.#attempts, intervalMsMax);
    return this.#waiting.length >= batchMax ? 0 : intervalMs;
  }

  async #send(): Promise<void> {
    const { http, headers, source, log } = this.#options;
    const batch = this.#waiting.slice(0, batchMax);
    const request = {
      id: 'traces',
      url: this.#url,
      method: 'POST' as const,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(otlpBody(batch, source)),
      timeoutMs,
      bodyBytesMax: 64 * 1024,
    };
    const answer = await http.send(request, this.#stopping.signal);
    const isTaken = answer.kind === 'answer' && answer.status >= 200 && answer.status < 300;
    const mayPass = answer.kind === 'failure' || passingStatuses.has(answer.status);
    this.#attempts += 1;
    if (!isTaken && mayPass && this.#attempts < attemptsMax) return;
    this.#attempts = 0;
    // What came while it was sent is behind it; what was pushed out of a full queue was in front.
    const taken = new Set(batch);
    const rest = this.#waiting.filter((span) => !taken.has(span));
    this.#waiting.splice(0, this.#waiting.length, ...rest);
    if (isTaken) return;
    this.lost += batch.length;
    const problem = answer.kind === 'failure' ? answer.code : `status ${answer.status}`;
    log.warn({ spans: batch.length, problem }, 'traces were not taken');
  }
}
