import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { resourceTypes } from '../../src/api/resource-types.ts';
import type { ControllerProcess } from '../../test/e2e/controller-process.ts';
import { template } from '../../test/e2e/shop.ts';
import { waitUntil } from '../../test/e2e/wait.ts';
import { residentNow, residentPeak } from './controller-figures.ts';
import { inTurns, onStage, type Stage } from './stage.ts';
import { printTable, type Row } from './table.ts';

// What a controller holds in a cluster with many ReplicaSets of 4 kB each that are not its own:
//   node bench/kubernetes/memory.ts [COUNT]

const count = Number(process.argv[2] ?? '10000');
const objectBytes = 4096;
const rows: Row[] = [];

await onStage({ kubelet: { nodes: 1 } }, async (stage) => {
  const { shop, plane } = stage;
  const hook = join(plane.directory, 'tell-heap.mjs');
  // The process tells its heap after a collection when it is sent the signal.
  writeFileSync(
    hook,
    "process.on('SIGUSR2', () => { gc(); console.error(`heap ${process.memoryUsage().heapUsed}`); });\n",
  );
  const nodeFlags = ['--expose-gc', '--import', hook];
  const idle = await settled(stage, nodeFlags);
  const idleNow = residentNow(idle);
  const idlePeak = residentPeak(idle);
  await idle.end();

  const names = Array.from({ length: count }, (_, index) => `set-${index}`);
  const filler = 'x'.repeat(objectBytes);
  await inTurns(names, 32, async (name) => {
    const whole = { selector: { matchLabels: { app: name } }, template: template(name, 'v1'), replicas: 0 };
    const note = filler.slice(JSON.stringify(whole).length + 900);
    const annotated = { ...whole.template, metadata: { labels: { app: name }, annotations: { note } } };
    await shop.create(resourceTypes.replicaSet, name, { spec: { ...whole, template: annotated } });
  });
  const bytes = JSON.stringify(await shop.get(resourceTypes.replicaSet, names[0] ?? '')).length;
  console.log(
    `${count} ReplicaSets of ${bytes} bytes; an idle process: ${idleNow.toFixed(0)} MiB, peak ${idlePeak.toFixed(0)} MiB`,
  );
  const full = await settled(stage, nodeFlags);
  const peak = residentPeak(full);
  rows.push({
    what: `growth over an idle process at ${count} ReplicaSets, peak`,
    here: peak - idleNow,
    goal: 90,
    unit: 'MiB',
  });
  rows.push({ what: 'resident memory, peak', here: peak, goal: 200, unit: 'MiB' });
  rows.push({ what: 'heap after a collection', here: await heapOf(full), goal: 50, unit: 'MiB' });
});
printTable(rows);

async function settled(stage: Stage, nodeFlags: readonly string[]): Promise<ControllerProcess> {
  const controller = await stage.start([], nodeFlags);
  await delay(10_000);
  return controller;
}

async function heapOf(controller: ControllerProcess): Promise<number> {
  controller.signal('SIGUSR2');
  const found = await waitUntil(
    'the heap is told',
    async () => /heap (?<bytes>\d+)/.exec(controller.complaints)?.groups?.['bytes'],
    (bytes) => bytes !== undefined,
  );
  return Number(found) / 2 ** 20;
}
