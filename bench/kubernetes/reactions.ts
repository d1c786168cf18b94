import { setTimeout as delay } from 'node:timers/promises';

import { MetricPages } from './metric-pages.ts';
import { RolloutWatch } from './rollout-watch.ts';
import { RouteWatch } from './route-watch.ts';
import { analysedRollout, routedRollout, updateToHalf } from './routed-rollout.ts';
import { inTurns, onStage } from './stage.ts';
import { median, printTable, type Row } from './table.ts';

// How long users stay on a bad revision: from the patch that aborts an update, or from the first bad sample of a
// metric, until the HTTPRoute has weight 0, on a real control plane: node bench/kubernetes/reactions.ts
// Everything shares this machine; without other work on it the control plane answers a write after a few milliseconds.

const aborts = 20;
const samples = 10;
const everyMs = 300;
const rows: Row[] = [];

await onStage({ gatewayApi: true, kubelet: { startLatency: '50ms' } }, async (stage) => {
  const { shop } = stage;
  const pages = await MetricPages.serve();
  const watch = new RolloutWatch(shop);
  const routes = new RouteWatch(shop);
  const controller = await stage.start(['--metric-loopback', 'true']);
  const single = Array.from({ length: aborts }, (_, index) => `single-${index}`);
  const spread = Array.from({ length: aborts }, (_, index) => `spread-${index}`);
  const judged = Array.from({ length: samples }, (_, index) => `judged-${index}`);
  await inTurns([...single, ...spread], 4, (name) => routedRollout(shop, name));
  await inTurns(judged, 4, (name) => analysedRollout(shop, name, pages.address, '1s'));
  await updateToHalf(shop, watch, [...single, ...spread, ...judged]);
  await delay(3000);

  const abort = async (name: string): Promise<number> => {
    const zero = routes.zero(name);
    const startMs = performance.now();
    await shop.patch(name, { status: { abort: true } }, 'status');
    return (await zero) - startMs;
  };
  const alone: number[] = [];
  for (const name of single) alone.push(await abort(name));
  const inRow = await Promise.all(
    spread.map(async (name, index) => {
      await delay(index * everyMs);
      return await abort(name);
    }),
  );
  const bad: number[] = [];
  for (const name of judged) {
    const zero = routes.zero(name);
    const servedMs = await pages.turnBad(name);
    bad.push((await zero) - servedMs);
  }
  push(`abort, one at a time, until weight 0 (median of ${aborts})`, alone, 0.06);
  push(`abort, one every ${everyMs / 1000} s (median of ${aborts})`, inRow, 0.1);
  push(`first bad sample served until weight 0 (median of ${samples})`, bad, 0.08);
  await controller.end();
  routes.close();
  watch.close();
  pages.close();
});
printTable(rows);

function push(what: string, timesMs: readonly number[], goal: number): void {
  console.log(`${what}: ${timesMs.map((timeMs) => timeMs.toFixed(0)).join(' ')} ms`);
  rows.push({ what, here: median(timesMs) / 1000, goal, unit: 's' });
}
