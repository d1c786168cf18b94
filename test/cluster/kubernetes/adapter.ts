import type { TestContext } from 'node:test';

import { systemClock, type Clock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { ApiClientOptions } from '../../../src/cluster/kubernetes/api-client.ts';
import type { ClusterConnection, ClusterUser } from '../../../src/cluster/kubernetes/connection.ts';
import { createKubernetesCluster, type KubernetesCluster } from '../../../src/cluster/kubernetes/kubernetes-cluster.ts';
import { startScriptedServer, type Act, type ScriptedServer } from './scripted-server.ts';

/** The adapter in front of a scripted server; both end with the test. */
export async function adapterFor(
  context: TestContext,
  acts: readonly Act[],
  options: Partial<ApiClientOptions> & { readonly user?: ClusterUser } = {},
): Promise<{ readonly cluster: KubernetesCluster; readonly server: ScriptedServer }> {
  const server = await startScriptedServer(acts);
  context.after(() => server.close());
  return {
    server,
    cluster: connect(context, { name: 'scripted', server: server.url, user: options.user ?? {} }, options),
  };
}

/** The adapter for a connection; closed with the test. */
export function connect(
  context: TestContext,
  connection: ClusterConnection,
  options: Partial<ApiClientOptions> = {},
): KubernetesCluster {
  const cluster = createKubernetesCluster({
    connection,
    clock: systemClock,
    log: silentLog,
    environment: {},
    userAgent: 'sluice-test',
    ...options,
  });
  context.after(() => cluster.close());
  return cluster;
}

/** A call that nothing ends early. */
export const call = { signal: new AbortController().signal };

/** The real clock with other wall and monotonic times. */
export function shiftedClock(): Clock & { shiftMs: number } {
  const clock = {
    shiftMs: 0,
    now: () => systemClock.now() + clock.shiftMs,
    monotonic: () => systemClock.monotonic() + clock.shiftMs,
    schedule: (delayMs: number, wake: () => void) => systemClock.schedule(delayMs, wake),
  };
  return clock;
}
