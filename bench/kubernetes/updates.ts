import { setTimeout as delay } from 'node:timers/promises';

import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import type { ControllerProcess } from '../../test/e2e/controller-process.ts';
import { template, type Shop } from '../../test/e2e/shop.ts';
import { waitUntil } from '../../test/e2e/wait.ts';
import { cpuSecondsOf, figuresOf, residentNow, residentPeak, type Figures } from './controller-figures.ts';
import { recordCalls } from './record-update.ts';
import { inventedHash, replayUpdates, type Recording, type UpdateNames } from './replay-update.ts';
import { isCarriedOut, RolloutWatch } from './rollout-watch.ts';
import { inTurns, onStage, type Stage } from './stage.ts';
import { printTable, type Row } from './table.ts';

// Many Rollouts at once: patches the images of FEW and then of MANY of them and measures until the last one is Healthy,
// what the controller uses, what it does at rest, and how fast a fresh process takes over. At the end a script sends
// the same writes and Events without deciding, on the same control plane:
//   node bench/kubernetes/updates.ts [MANY] [FEW] [MINUTES AT REST]
// Control plane, simulated pods (ready after up to 0.2 s), load and controller share this machine.

const [many = 1000, few = 200, restMinutes = 5] = process.argv.slice(2).map(Number);
const strategy = { canary: { steps: [{ setWeight: 50 }, { pause: { duration: '1s' } }] } };
const patchesAtOnce = 20;
const lookMs = 3000;
const quietMsMin = 12_000;
const names = Array.from({ length: many }, (_, index) => `app-${index}`);
const someNames = names.slice(0, few);
const rows: Row[] = [];

await onStage({ kubelet: { startLatency: '100ms', nodes: 20, podsPerNode: 500 } }, async (stage) => {
  const { shop } = stage;
  const watch = new RolloutWatch(shop);
  let controller = await stage.start();
  console.log(`at rest without Rollouts: ${residentNow(controller).toFixed(0)} MiB`);
  await inTurns(names, patchesAtOnce, (name) => shop.rollout(name, strategy, 1));
  await watch.untilAll(names, isCarriedOut);
  await controllerRests(controller);

  const fewMs = (await update(shop, watch, controller, someNames, 'v2')).healthyMs;
  await controllerRests(controller);
  const all = await update(shop, watch, controller, names, 'v3');
  await controllerRests(controller);
  await rest(controller);
  controller = await takeOver(stage, watch, controller);
  await controller.end();

  const recording = await recordUpdate(stage);
  const hashes = new Map(names.map((name) => [name, String(statusOf(watch, name)['currentPodHash'])]));
  const replay = (some: readonly string[], turn: string) => replayImages(stage, watch, recording, hashes, some, turn);
  const fewScript = await replay(someNames, 'v4');
  const allScript = await replay(names, 'v5');
  watch.close();
  time(`${few} images at once until the last is Healthy`, fewMs, 12, fewScript.allMs, '50 / 16.5 s');
  time(`${many} images at once until the last is Healthy`, all.healthyMs, 60, allScript.allMs, '290 / 89 s');
  console.log(`script, ${few}: writes ${fewScript.writesMs.toFixed(0)} ms, all ${fewScript.allMs.toFixed(0)} ms`);
  console.log(`script, ${many}: writes ${allScript.writesMs.toFixed(0)} ms, all ${allScript.allMs.toFixed(0)} ms`);
});
printTable(rows);

/** A figure that depends on the machine's other work has the script as its measure where that is slower. */
function time(what: string, hereMs: number, goalSeconds: number, scriptMs: number, reference: string): void {
  rows.push({ what, here: hereMs / 1000, goal: Math.max(goalSeconds, (1.3 * scriptMs) / 1000), unit: 's', reference });
  rows.push({ what: 'the same beside the script that only sends', here: hereMs / scriptMs, goal: 1.3, unit: 'x' });
}

async function update(
  shop: Shop,
  watch: RolloutWatch,
  controller: ControllerProcess,
  some: readonly string[],
  tag: string,
): Promise<{ readonly healthyMs: number }> {
  const before = await figuresOf(controller);
  const generations = new Map(some.map((name) => [name, generationOf(watch, name)]));
  const startMs = performance.now();
  await inTurns(some, patchesAtOnce, (name) => shop.patch(name, { spec: { template: template(name, tag) } }));
  const patchedMs = performance.now() - startMs;
  const isNewer = ({ metadata }: KubeObject): boolean =>
    (metadata.generation ?? 0) > (generations.get(metadata.name) ?? 0);
  await watch.untilAll(some, (status, object) => isNewer(object) && isCarriedOut(status, object));
  const healthyMs = performance.now() - startMs;
  const cpuUntilHealthy = cpuSecondsOf(controller) - before.cpuSeconds;
  const after = await controllerRests(controller);
  const allMs = performance.now() - startMs;
  const perUpdate = (key: 'otherRequests' | 'eventRequests'): number => (after[key] - before[key]) / some.length;
  console.log(
    `${some.length} images: patched after ${patchedMs.toFixed(0)} ms, Healthy after ${healthyMs.toFixed(0)} ms, ` +
      `Events after ${allMs.toFixed(0)} ms; CPU until Healthy ${cpuUntilHealthy.toFixed(1)} s, ` +
      `${perUpdate('eventRequests').toFixed(1)} requests for Events per update`,
  );
  for (const [request, number] of after.requests) {
    const more = (number - (before.requests.get(request) ?? 0)) / some.length;
    if (more >= 0.005) console.log(`  ${more.toFixed(2)} ${request}`);
  }
  rows.push({
    what: `requests per updated Rollout besides Events (${some.length})`,
    here: perUpdate('otherRequests'),
    goal: 9,
    unit: '',
    reference: '13',
  });
  if (some.length === many) pushUse(before, after, controller);
  return { healthyMs };
}

function pushUse(before: Figures, after: Figures, controller: ControllerProcess): void {
  const here = after.cpuSeconds - before.cpuSeconds;
  rows.push({ what: `CPU of the controller for ${many}`, here, goal: 20, unit: 's', reference: '52 / 30 s' });
  rows.push({ what: 'Events lost', here: after.eventsLost, goal: 0, unit: '' });
  const peak = residentPeak(controller);
  rows.push({ what: `resident memory at ${many}, peak`, here: peak, goal: 200, unit: 'MiB', reference: '207 MiB' });
}

/** Waits until all Events are delivered and nothing was done for longer than counts wait to be written. */
async function controllerRests(controller: ControllerProcess): Promise<Figures> {
  let last: Figures | undefined;
  let quietMs = 0;
  return await waitUntil(
    'the controller is at rest',
    async () => {
      await delay(lookMs);
      const before = last;
      last = await figuresOf(controller);
      const isQuiet = last.eventsWaiting === 0 && last.otherRequests === before?.otherRequests;
      quietMs = isQuiet ? quietMs + lookMs : 0;
      return last;
    },
    () => quietMs >= quietMsMin,
    900_000,
  );
}

async function rest(controller: ControllerProcess): Promise<void> {
  await delay(5000);
  const before = await figuresOf(controller);
  // Making the page of so many Rollouts is no part of resting.
  await delay(1000);
  const startSeconds = cpuSecondsOf(controller);
  await delay(restMinutes * 60_000);
  const cpu = (cpuSecondsOf(controller) - startSeconds) / restMinutes;
  const after = await figuresOf(controller);
  const requests =
    (after.otherRequests - before.otherRequests + after.eventRequests - before.eventRequests) / restMinutes;
  rows.push({ what: `CPU per minute at rest with ${many}`, here: cpu, goal: 0.12, unit: 's' });
  rows.push({ what: 'requests per minute at rest, besides the lease', here: requests, goal: 1.5, unit: '' });
}

/** Ends the controller in order, starts another one, and waits until it has taken an edit in that came meanwhile. */
async function takeOver(stage: Stage, watch: RolloutWatch, old: ControllerProcess): Promise<ControllerProcess> {
  const startMs = performance.now();
  const ended = old.end('SIGTERM');
  const [name = ''] = names;
  const patched = stage.shop.patch(name, { spec: { template: template(name, 'after-restart') } });
  await ended;
  const endedMs = performance.now() - startMs;
  const next = stage.launch();
  await patched;
  const generation = (await stage.shop.get(resourceTypes.rollout, name)).metadata.generation ?? 0;
  await watch.untilAll([name], ({ observedGeneration }) => Number(observedGeneration) >= generation, 60_000);
  const here = (performance.now() - startMs) / 1000;
  console.log(`ended ${endedMs.toFixed(0)} ms after SIGTERM`);
  rows.push({ what: `SIGTERM, new start, first reaction with ${many}`, here, goal: 3, unit: 's' });
  await watch.untilAll([name], isCarriedOut);
  await controllerRests(next);
  return next;
}

/** What a controller of this process sends for one update. */
async function recordUpdate({ plane, shop }: Stage): Promise<Recording> {
  const name = 'recorded-update';
  let before: Record<string, unknown> = {};
  const calls = await recordCalls(plane.cluster(), shop.namespace, async (forget) => {
    const watch = new RolloutWatch(shop);
    await shop.rollout(name, strategy, 1);
    await watch.untilAll([name], isCarriedOut);
    await delay(3000);
    before = statusOf(watch, name);
    forget();
    await shop.setImage(name, 'v2');
    await watch.untilAll(
      [name],
      (status, object) => isCarriedOut(status, object) && status.stableRS !== before['stableRS'],
    );
    await delay(3000);
    watch.close();
  });
  const { metadata, status } = await shop.get(resourceTypes.rollout, name);
  const { currentPodHash } = status as { readonly currentPodHash: string };
  const oldHash = String(before['currentPodHash']);
  const { namespace } = shop;
  const own = calls.filter(({ parameters }) => JSON.stringify(parameters.slice(0, -1)).includes(name));
  return { name, uid: metadata.uid ?? '', namespace, oldHash, newHash: currentPodHash, calls: own };
}

async function replayImages(
  { plane, shop }: Stage,
  watch: RolloutWatch,
  recording: Recording,
  hashes: Map<string, string>,
  some: readonly string[],
  turn: string,
) {
  const updates = some.map((name): UpdateNames => {
    const newHash = inventedHash(name, turn);
    const names = { name, namespace: shop.namespace, uid: watch.get(name)?.metadata.uid ?? '' };
    return { ...names, oldHash: hashes.get(name) ?? '', newHash };
  });
  const patched = inTurns(some, patchesAtOnce, (name) =>
    shop.patch(name, { spec: { template: template(name, turn) } }),
  );
  const replay = await replayUpdates(plane.cluster(), recording, updates, patched);
  for (const { name, newHash } of updates) hashes.set(name, newHash);
  return replay;
}

function generationOf(watch: RolloutWatch, name: string): number {
  return watch.get(name)?.metadata.generation ?? 0;
}

function statusOf(watch: RolloutWatch, name: string): Record<string, unknown> {
  return (watch.get(name)?.['status'] ?? {}) as Record<string, unknown>;
}
