import type { AnalysisRun } from '../../../src/api/analysis-run.ts';
import type { Metric } from '../../../src/api/analysis-template.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import type { HttpPort } from '../../../src/controller/http-port.ts';
import type { Life } from './life.ts';

/** Host of the scripted metric server, as manifests name it. */
const host = 'METRICS';

/** How often each part of the metric server was asked, by the first part of the path. */
export type AskedCounts = Map<string, number>;

/** The scripted metric server of a life; every other address cannot be reached. */
export function lifeMetrics({ metrics = {} }: Life, asked: AskedCounts = new Map()): HttpPort {
  return {
    send({ id, url }) {
      const { hostname, pathname } = new URL(url);
      const key = pathname.split('/')[1] ?? '';
      const answers = metrics[key] ?? [];
      const count = asked.get(key) ?? 0;
      asked.set(key, count + 1);
      const answer = answers[Math.min(count, answers.length - 1)];
      if (hostname.toUpperCase() !== host || answer === undefined) {
        const message = `nothing answers ${url}`;
        return Promise.resolve({ kind: 'failure', id, code: 'MetricUnreachable', message });
      }
      const [status, body] = answer;
      const contentType = 'application/json';
      return Promise.resolve({ kind: 'answer', id, status, contentType, body: JSON.stringify(body) });
    },
  };
}

/** How often the server must have been asked for what AnalysisRuns say they have measured. */
export function askedBy(objects: Iterable<KubeObject>): AskedCounts {
  const counts: AskedCounts = new Map();
  for (const object of objects) {
    if (object.kind !== 'AnalysisRun') continue;
    const { spec, status } = object as unknown as AnalysisRun;
    for (const metric of spec.metrics) {
      const result = status?.metricResults?.find(({ name }) => name === metric.name);
      const key = keyOf(metric);
      counts.set(key, (counts.get(key) ?? 0) + (result?.measurements ?? []).length);
    }
  }
  return counts;
}

function keyOf({ provider }: Metric): string {
  const { url } = (provider as { readonly web?: { readonly url?: string } }).web ?? {};
  return url === undefined ? '' : (new URL(url).pathname.split('/')[1] ?? '');
}
