import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadavg } from 'node:os';

import { resourceSchemas } from '../src/api/crd.ts';
import { resourceTypes } from '../src/api/resource-types.ts';
import { systemClock } from '../src/base/clock.ts';
import { silentLog } from '../src/base/log.ts';
import { seededRandom } from '../src/base/random.ts';
import { createEmbeddedCluster } from '../src/cluster/embedded/embedded-cluster.ts';
import { createController } from '../src/controller/controller.ts';
import { createHttpClient } from '../src/controller/http-client.ts';
import { createHttpPolicy } from '../src/controller/http-policy.ts';
import { createMemoryJournal } from '../src/controller/journal.ts';
import { metricProviders } from '../src/providers/metrics/registry.ts';
import { trafficRouters } from '../src/providers/traffic/registry.ts';

// Many AnalysisRuns at once against one metric server: how late measurements are, and how often a run is written.
// Usage: node bench/analysis-runs.ts [runs] [seconds]

const runs = Number(process.argv[2] ?? 1000);
const seconds = Number(process.argv[3] ?? 30);
const intervalMs = 10_000;
const signal = new AbortController().signal;

const askedAtMs = new Map<string, number[]>();
const server = createServer(({ url = '' }, response) => {
  const times = askedAtMs.get(url) ?? [];
  askedAtMs.set(url, times);
  times.push(performance.now());
  const value = [Date.now() / 1000, '1'];
  const data = { resultType: 'vector', result: [{ metric: {}, value }] };
  response.end(JSON.stringify({ status: 'success', data }));
});
await new Promise<void>((resolve) => {
  server.listen(0, '127.0.0.1', resolve);
});
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const parts = { clock: systemClock, log: silentLog };
const resources = Object.values(resourceSchemas);
const cluster = createEmbeddedCluster({ ...parts, random: seededRandom(1), resources });
const http = createHttpClient(systemClock, { policy: createHttpPolicy({ loopback: 'allow' }) });
const controller = createController({
  ...parts,
  cluster,
  random: seededRandom(2),
  journal: createMemoryJournal(),
  routers: trafficRouters,
  metricProviders,
  http,
});
await controller.start();
let writes = 0;
cluster.log.subscribe(({ type, object }) => {
  if (object.kind === 'AnalysisRun' && type === 'MODIFIED') writes += 1;
});

for (let run = 0; run < runs; run += 1) {
  const metrics = ['a', 'b', 'c'].map((name) => ({
    name,
    interval: `${intervalMs / 1000}s`,
    successCondition: 'result[0] < 5',
    provider: { prometheus: { address, query: `${name}${run}` } },
  }));
  const metadata = { name: `run-${run}`, namespace: 'bench' };
  const object = { apiVersion: 'argoproj.io/v1alpha1', kind: 'AnalysisRun', metadata, spec: { metrics } };
  await cluster.create(resourceTypes.analysisRun, object, {}, { signal });
}
await delay(intervalMs);
const [writesBefore, cpuBefore, beganAtMs] = [writes, process.cpuUsage(), performance.now()];
await delay(seconds * 1000);
const cpu = process.cpuUsage(cpuBefore);
const intervals = (performance.now() - beganAtMs) / intervalMs;
// While all runs begin at once a first answer may take long, and the next measurement is due that much later.
const lateMs = [...askedAtMs.values()]
  .map((times) => times.filter((time) => time >= beganAtMs))
  .flatMap((times) => times.slice(1).map((time, index) => time - (times[index] ?? 0) - intervalMs))
  .sort((left, right) => left - right);
const at = (share: number): string => (lateMs[Math.floor(share * (lateMs.length - 1))] ?? 0).toFixed(0);
const [load] = loadavg();
console.log(
  `${runs} runs with 3 metrics each, measured every ${intervalMs / 1000} s, for ${seconds} s; load ${load?.toFixed(1)}`,
);
console.log(`${((writes - writesBefore) / runs / intervals).toFixed(2)} writes of each run per ${intervalMs / 1000} s`);
console.log(`later than due: median ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms`);
const busy = (cpu.user + cpu.system) / 1e6 / seconds;
console.log(`${(100 * busy).toFixed(0)} % of one core, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`);
await controller.stop();
http.close();
cluster.close();
server.close();
server.closeAllConnections();

function delay(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}
