import { setTimeout as delay } from 'node:timers/promises';

import { resourceTypes } from '../../src/api/resource-types.ts';
import type { RolloutStatus } from '../../src/api/rollout.ts';
import { startOwnControlPlane } from '../../test/control-plane/control-plane.ts';
import { footprintOf } from '../../test/control-plane/footprint.ts';
import { ControllerProcess } from '../../test/e2e/controller-process.ts';
import { installKinds, Shop, template } from '../../test/e2e/shop.ts';

// Patches the images of N Rollouts at once and measures until the last one is healthy again:
//   node bench/kubernetes/updates.ts [N]
// Control plane, simulated pods (ready after up to 0.2 s), load and controller share this machine.
// The reference controller of the same API, on 2 cores: 200 at once in 50 s with its default limits and 16.5 s with
// raised ones, 1,000 in 290 s and 89 s with 52 s and 30 s of CPU, 13 requests per update besides events, 207 MiB.

const count = Number(process.argv[2] ?? '200');
const strategy = { canary: { steps: [{ setWeight: 50 }, { pause: { duration: '1s' } }] } };
const createdAtOnce = 20;

const started = await startOwnControlPlane({ kubelet: { startLatency: '100ms', nodes: 20, podsPerNode: 500 } });
if (!started.ok) throw new Error(started.error);
const plane = started.value;
let controller: ControllerProcess | undefined;
try {
  await installKinds(plane);
  const shop = await Shop.open(plane);
  controller = new ControllerProcess(plane.kubeconfig());
  await controller.leads();
  console.log(`at rest without Rollouts: RSS ${megabytes(controller.pid)} MiB`);
  const names = Array.from({ length: count }, (_, index) => `app-${index}`);
  await inTurns(names, (name) => shop.rollout(name, strategy, 1));
  await untilAll((status) => status.phase === 'Healthy');

  const before = { cpu: footprintOf(controller.pid).cpuSeconds, requests: await requests(controller) };
  const startMs = performance.now();
  await inTurns(names, (name) => shop.patch(name, { spec: { template: template(name, 'v2') } }));
  const patchedMs = performance.now() - startMs;
  let peak = 0;
  await untilAll(
    (status, generation) =>
      status.phase === 'Healthy' &&
      status.observedGeneration === String(generation) &&
      status.stableRS === status.currentPodHash,
    () => {
      peak = Math.max(peak, megabytes(controller?.pid ?? 0));
    },
  );
  const tookMs = performance.now() - startMs;
  await delay(2000);
  const after = { cpu: footprintOf(controller.pid).cpuSeconds, requests: await requests(controller) };
  const perUpdate = (kind: 'events' | 'others'): string =>
    ((after.requests[kind] - before.requests[kind]) / count).toFixed(1);
  console.log(
    `${count} images patched at once (patching alone took ${seconds(patchedMs)}): all healthy after ${seconds(tookMs)}`,
  );
  console.log(`controller: ${(after.cpu - before.cpu).toFixed(1)} s of CPU, RSS peak ${peak} MiB`);
  console.log(`requests per update: ${perUpdate('others')} besides ${perUpdate('events')} for events`);
  await delay(60_000);
  const rest = { cpu: footprintOf(controller.pid).cpuSeconds, requests: await requests(controller) };
  console.log(
    `a minute at rest: ${(rest.cpu - after.cpu).toFixed(2)} s of CPU, ${rest.requests.others - after.requests.others} requests besides leases`,
  );
  shop.close();

  async function untilAll(
    holds: (status: RolloutStatus, generation: number | undefined) => boolean,
    onLook = () => {},
  ): Promise<void> {
    for (;;) {
      const { items } = await shop.cluster.list(
        resourceTypes.rollout,
        { namespace: shop.namespace },
        { signal: new AbortController().signal, timeoutMs: 60_000 },
      );
      onLook();
      const done = items.filter(({ status = {}, metadata }) => holds(status as RolloutStatus, metadata.generation));
      if (done.length === count) return;
      await delay(500);
    }
  }
} finally {
  await controller?.end();
  await plane.stop();
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: createdAtOnce }, worker));
}

/** Requests so far, without those for the lease. */
async function requests(process: ControllerProcess): Promise<{ readonly events: number; readonly others: number }> {
  const page = await process.read('metrics', '/metrics');
  const lines = [
    ...page.matchAll(/^controller_clientset_k8s_request_total\{kind="(?<kind>[^"]+)".*\} (?<value>\d+)$/gm),
  ];
  const sum = (isWanted: (kind: string) => boolean): number =>
    lines.reduce((total, { groups = {} }) => total + (isWanted(groups['kind'] ?? '') ? Number(groups['value']) : 0), 0);
  return {
    events: sum((kind) => kind === 'events'),
    others: sum((kind) => kind !== 'events' && !kind.startsWith('leases')),
  };
}

function megabytes(pid: number): number {
  return Math.round(footprintOf(pid).residentBytes / 2 ** 20);
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
