/**
 * The checkout service of the example: one small HTTP server. Which release it is comes from the tag of its image; what
 * a release does differently stands in `releases.json`, as it would in another build of a real service.
 */
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';

interface Release {
  /** Share of the orders that fail, 0..1. */
  readonly failing: number;
  /** Share of the orders that are slow, 0..1. */
  readonly slow: number;
}

const environment = process.env;
const release = environment['SLUICE_IMAGE_TAG'] ?? 'unknown';
const host = environment['SLUICE_POD_IP'] ?? '127.0.0.1';
const port = Number(environment['PORT'] ?? 8080);
const releases = JSON.parse(readFileSync(new URL('releases.json', import.meta.url), 'utf8')) as Record<string, Release>;
const { failing, slow } = releases[release] ?? { failing: 0, slow: 0 };

const bucketsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const counts = new Map<number, number>();
const buckets = bucketsSeconds.map(() => 0);
let observations = 0;
let sumSeconds = 0;
let stopping = false;

const server = createServer((request, response) => {
  switch (request.url) {
    case '/metrics':
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(metrics());
      return;
    case '/ready':
      response.writeHead(stopping ? 503 : 200).end();
      return;
    default:
      order(response);
  }
});

function order(response: ServerResponse): void {
  const startedMs = performance.now();
  const isSlow = Math.random() < slow;
  const delayMs = isSlow ? 150 + Math.random() * 100 : 2 + Math.random() * 6;
  setTimeout(() => {
    const status = Math.random() < failing ? 500 : 200;
    const body = status === 200 ? { release, order: 'placed' } : { release, error: 'the payment service is not there' };
    response.writeHead(status, { 'content-type': 'application/json', 'x-release': release });
    response.end(JSON.stringify(body));
    observe(status, (performance.now() - startedMs) / 1000);
  }, delayMs);
}

function observe(status: number, seconds: number): void {
  counts.set(status, (counts.get(status) ?? 0) + 1);
  bucketsSeconds.forEach((boundary, index) => {
    if (seconds <= boundary) buckets[index] = (buckets[index] ?? 0) + 1;
  });
  observations += 1;
  sumSeconds += seconds;
}

function metrics(): string {
  const requests = [...counts].map(([status, count]) => `http_requests_total{code="${status}"} ${count}`);
  const latency = bucketsSeconds.map(
    (boundary, index) => `http_request_duration_seconds_bucket{le="${boundary}"} ${buckets[index] ?? 0}`,
  );
  return [
    '# TYPE http_requests_total counter',
    ...requests,
    '# TYPE http_request_duration_seconds histogram',
    ...latency,
    `http_request_duration_seconds_bucket{le="+Inf"} ${observations}`,
    `http_request_duration_seconds_sum ${sumSeconds}`,
    `http_request_duration_seconds_count ${observations}`,
    '',
  ].join('\n');
}

process.on('SIGTERM', () => {
  stopping = true;
  // Requests in flight are answered; idle connections are closed, so that the process ends soon.
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

server.keepAliveTimeout = 60_000;
server.listen(port, host);
