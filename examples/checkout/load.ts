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

function main(): void {
  const { values } = parseArgs({
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:8080/' },
      rate: { type: 'string', default: '150' },
    },
  });
  const intervalMs = 1000 / Number(values.rate);
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const releases: Record<string, ReleaseCounts> = {};
  const lostReasons: Record<string, number> = {};
  const started = performance.now();
  let sent = 0;
  let open = 0;
  let lost = 0;
  let stopped = false;

  const report = (kind: LoadReport['kind']): void => {
    const line: LoadReport = { kind, at: Date.now(), requests: sent - open, lost, lostReasons, releases };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  };

  const order = (): void => {
    sent += 1;
    open += 1;
    const begun = performance.now();
    const outgoing = request(values.url, { agent, timeout: requestTimeoutMs }, (incoming) => {
      const release = String(incoming.headers['x-release'] ?? `status ${incoming.statusCode ?? 0}`);
      incoming.resume();
      incoming.on('end', () => {
        open -= 1;
        count(releases, release, incoming.statusCode ?? 0, performance.now() - begun);
      });
      incoming.on('error', (error) => lose(error.message));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', (error: Error & { code?: string }) => lose(error.code ?? error.message));
    outgoing.end();
  };

  const lose = (reason: string): void => {
    open -= 1;
    lost += 1;
    lostReasons[reason] = (lostReasons[reason] ?? 0) + 1;
  };

  // The schedule is fixed beforehand, so that slow answers do not thin the load out.
  const pace = setInterval(() => {
    const due = Math.floor((performance.now() - started) / intervalMs);
    while (sent < due) order();
  }, 5);
  const ticker = setInterval(() => report('second'), 500);

  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    clearInterval(pace);
    clearInterval(ticker);
    const wait = setInterval(() => {
      if (open > 0) return;
      clearInterval(wait);
      report('summary');
      agent.destroy();
      process.stdin.pause();
    }, 20);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // When whoever started the load is gone, so is its reason.
  process.stdin.on('end', stop).resume();
}

function count(releases: Record<string, ReleaseCounts>, release: string, status: number, durationMs: number): void {
  const now = Date.now();
  const counts = (releases[release] ??= { requests: 0, errors: 0, slow: 0, firstBadAt: undefined, lastAt: now });
  const [failed, late] = [status >= 500, durationMs > slowMs];
  counts.requests += 1;
  counts.lastAt = now;
  if (failed) counts.errors += 1;
  if (late) counts.slow += 1;
  if (failed || late) counts.firstBadAt ??= now;
}

main();
