import type { HttpPort } from '../../../src/controller/http-port.ts';
import type { Life } from './life.ts';

/** Host of the scripted metric server, as manifests name it. */
const host = 'METRICS';

/** The scripted metric server of a life; every other address cannot be reached. */
export function lifeMetrics({ metrics = {} }: Life): HttpPort {
  const asked = new Map<string, number>();
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
