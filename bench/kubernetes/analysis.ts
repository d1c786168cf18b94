import { setTimeout as delay } from 'node:timers/promises';

import { cpuSecondsOf, residentNow } from './controller-figures.ts';
import { MetricPages } from './metric-pages.ts';
import { RolloutWatch } from './rollout-watch.ts';
import { RouteWatch } from './route-watch.ts';
import { analysedRollout, updateToHalf } from './routed-rollout.ts';
import { inTurns, onStage } from './stage.ts';
import { median, printTable, type Row } from './table.ts';

// Many Rollouts under analysis at once, at half of the traffic. Some turn bad one after the other, then all the others
// together: how long from the answer with the decisive sample until the HTTPRoute has weight 0, on a real control
// plane:
//   node bench/kubernetes/analysis.ts [COUNT] [SECONDS BETWEEN SAMPLES]

const [count = 200, seconds = 10] = process.argv.slice(2).map(Number);
const victims = Math.ceil(count / 4);
const everyMs = 1000;
const restMs = 3 * 1000 * seconds;
const rows: Row[] = [];

await onStage({ gatewayApi: true, kubelet: { startLatency: '50ms', nodes: 5, podsPerNode: 500 } }, async (stage) => {
  const { shop } = stage;
  const pages = await MetricPages.serve();
  const watch = new RolloutWatch(shop);
  const routes = new RouteWatch(shop);
  const controller = await stage.start(['--metric-loopback', 'true']);
  const names = Array.from({ length: count }, (_, index) => `judged-${index}`);
  await inTurns(names, 4, (name) => analysedRollout(shop, name, pages.address, `${seconds}s`));
  await updateToHalf(shop, watch, names);
  const before = cpuSecondsOf(controller);
  await delay(restMs);
  const busy = (cpuSecondsOf(controller) - before) / (restMs / 1000);
  console.log(
    `${count} under analysis: ${(100 * busy).toFixed(1)} % of a core, ${residentNow(controller).toFixed(0)} MiB`,
  );

  const turnBad = async (name: string): Promise<number> => {
    const zero = routes.zero(name);
    const servedMs = await pages.turnBad(name);
    return (await zero) - servedMs;
  };
  const oneByOne = await Promise.all(
    names.slice(0, victims).map(async (name, index) => {
      await delay(index * everyMs);
      return await turnBad(name);
    }),
  );
  tell(`one bad every ${everyMs / 1000} s`, oneByOne);
  const what = `bad sample until weight 0, ${count} under analysis, one bad every ${everyMs / 1000} s`;
  rows.push({ what: `${what}: median of ${victims}`, here: median(oneByOne) / 1000, goal: 0.15, unit: 's' });
  rows.push({ what: `${what}: worst`, here: Math.max(...oneByOne) / 1000, goal: 1, unit: 's' });
  tell(`the others all bad within ${seconds} s`, await Promise.all(names.slice(victims).map(turnBad)));
  await controller.end();
  routes.close();
  watch.close();
  pages.close();
});
printTable(rows);

function tell(what: string, timesMs: readonly number[]): void {
  const [middle, worst] = [median(timesMs), Math.max(...timesMs)].map((timeMs) => (timeMs / 1000).toFixed(2));
  console.log(`${what}: median ${middle} s, worst ${worst} s of ${timesMs.length}`);
  console.log(timesMs.map((timeMs) => timeMs.toFixed(0)).join(' '));
}
