import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { ClusterPort } from '../../src/cluster/port.ts';
import { createController } from '../../src/controller/controller.ts';
import { createHttpClient } from '../../src/controller/http-client.ts';
import { createMemoryJournal } from '../../src/controller/journal.ts';
import { metricProviders } from '../../src/providers/metrics/registry.ts';
import { trafficRouters } from '../../src/providers/traffic/registry.ts';

/** One request that a controller made: the method of the cluster port and what it was called with. */
export interface RecordedCall {
  readonly method: string;
  readonly plural: string;
  readonly atMs: number;
  readonly parameters: readonly unknown[];
}

const recorded = ['get', 'list', 'create', 'update', 'patch', 'delete', 'deleteCollection', 'evict'] as const;

/** Runs a controller in this process, without an election, while `work` runs; answers with the calls it made. */
export async function recordCalls(
  cluster: ClusterPort,
  namespace: string,
  work: (forget: () => void) => Promise<void>,
): Promise<readonly RecordedCall[]> {
  const calls: RecordedCall[] = [];
  let startMs = performance.now();
  const recording = new Proxy(cluster, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function') return member;
      return (...parameters: readonly unknown[]): unknown => {
        if (recorded.some((method) => method === key)) calls.push(describe(String(key), parameters, startMs));
        return Reflect.apply(member, target, parameters);
      };
    },
  });
  const http = createHttpClient(systemClock);
  const controller = createController({
    cluster: recording,
    namespace,
    clock: systemClock,
    random: seededRandom(1),
    countsDelayMs: 1000,
    log: silentLog,
    journal: createMemoryJournal(),
    routers: trafficRouters,
    metricProviders,
    http,
  });
  await controller.start();
  try {
    await work(() => {
      calls.length = 0;
      startMs = performance.now();
    });
  } finally {
    await controller.stop();
    http.close();
  }
  return calls;
}

function describe(method: string, parameters: readonly unknown[], startMs: number): RecordedCall {
  const [first] = parameters as readonly [{ readonly plural?: string; readonly type?: { readonly plural: string } }];
  const plural = first.plural ?? first.type?.plural ?? '';
  return { method, plural, atMs: performance.now() - startMs, parameters };
}
