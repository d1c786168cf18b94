/**
 * A load of users for the demo: sends orders at a steady rate, whatever the answers, and counts what users saw by the
 * release that answered. Prints one line of JSON a second, and a last one with the whole picture when it is stopped.
 *
 *     node load.ts --url http://127.0.0.1:8080/ --rate 150 --host checkout.example
 */
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';

/** What users saw of one release. Times are wall time in milliseconds. */
export interface ReleaseCounts {
  requests: number;
  /** Answers with status 500 and above. */
  errors: number;
  /** Answers that took longer than 100 ms. */
  slow: number;
  firstBadAt: number | undefined;
  lastAt: number;
}

/** A line that is printed. */
export interface LoadReport {
  readonly kind: 'second' | 'summary';
  readonly at: number;
  readonly requests: number;
  /** Requests that got no answer at all. */
  readonly lost: number;
  readonly lostReasons: Readonly<Record<string, number>>;
  readonly releases: Readonly<Record<string, ReleaseCounts>>;
}

const slowMs = 100;
const requestTimeoutMs = 10_000;
const reportIntervalMs = 500;

class Load {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 200 });
  readonly #releases: Record<string, ReleaseCounts> = {};
  readonly #lostReasons: Record<string, number> = {};
  #sent = 0;
  #open = 0;
  #lost = 0;

  constructor(url: string) {
    this.#url = url;
  }

  /** Sends orders until so many have been sent in all. */
  sendUpTo(count: number): void {
    for (; this.#sent < count; this.#sent += 1) this.#order();
  }

  report(kind: LoadReport['kind']): void {
    const line: LoadReport = {
      kind,
      at: Date.now(),
      requests: this.#sent - this.#open,
      lost: this.#lost,
      lostReasons: this.#lostReasons,
      releases: this.#releases,
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }

  /** Waits for the requests in flight. */
  async finish(): Promise<void> {
    while (this.#open > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    this.#agent.destroy();
  }

  #order(): void {
    this.#open += 1;
    const begun = performance.now();
    const outgoing = request(this.#url, { agent: this.#agent, timeout: requestTimeoutMs }, (incoming) => {
      const status = incoming.statusCode ?? 0;
      const release = String(incoming.headers['x-release'] ?? `status ${status}`);
      incoming.resume();
      incoming.on('end', () => {
        this.#open -= 1;
        this.#count(release, status, performance.now() - begun);
      });
      incoming.on('error', (error) => this.#lose(error.message));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', (error: Error & { code?: string }) => this.#lose(error.code ?? error.message));
    outgoing.end();
  }

  #lose(reason: string): void {
    this.#open -= 1;
    this.#lost += 1;
    this.#lostReasons[reason] = (this.#lostReasons[reason] ?? 0) + 1;
  }

  #count(release: string, status: number, durationMs: number): void {
    const now = Date.now();
    const counts = (this.#releases[release] ??= {
      requests: 0,
      errors: 0,
      slow: 0,
      firstBadAt: undefined,
      lastAt: now,
    });
    const [failed, late] = [status >= 500, durationMs > slowMs];
    counts.requests += 1;
    counts.lastAt = now;
    if (failed) counts.errors += 1;
    if (late) counts.slow += 1;
    if (failed || late) counts.firstBadAt ??= now;
  }
}

function main(): void {
  const { values } = parseArgs({
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:8080/' },
      rate: { type: 'string', default: '150' },
    },
  });
  const load = new Load(values.url);
  const started = performance.now();
  // The schedule is fixed beforehand, so that slow answers do not thin the load out.
  const due = (): number => Math.floor(((performance.now() - started) * Number(values.rate)) / 1000);
  const pace = setInterval(() => load.sendUpTo(due()), 5);
  const ticker = setInterval(() => load.report('second'), reportIntervalMs);
  const stop = async (): Promise<void> => {
    clearInterval(pace);
    clearInterval(ticker);
    await load.finish();
    load.report('summary');
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop());
  process.once('SIGINT', () => void stop());
  // When whoever started the load is gone, so is its reason.
  process.stdin.once('end', () => void stop()).resume();
}

main();
