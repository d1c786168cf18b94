import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { resourceSchemas } from '../src/api/crd.ts';
import type { Json, KubeObject } from '../src/api/object.ts';
import { resourceTypes } from '../src/api/resource-types.ts';
import { systemClock } from '../src/base/clock.ts';
import { seededRandom } from '../src/base/random.ts';
import { createEmbeddedCluster, type EmbeddedCluster } from '../src/cluster/embedded/embedded-cluster.ts';
import { mergePatch } from '../src/cluster/embedded/patches/merge-patch.ts';

// How fast the embedded cluster takes merge patches of 2 kB while 10 watchers read every change: in memory, and with
// its state in SQLite. The baseline is the least that any store must do with such a patch: parse it, merge it into the
// object, and write the object as JSON. Rates are per second of processor time, so that a busy machine does not change
// them much; on an idle one that is the time on the clock. Exit status 1 when a goal is missed.

const { values } = parseArgs({ options: { patches: { type: 'string', default: '40000' } } });
const patchCount = Number(values.patches);
const objectCount = 100;
const watcherCount = 10;
const clientCount = 256;
const goals = { memory: 10_000, sqlite: 2_000 };

const signal = new AbortController().signal;
const call = { signal };
const type = resourceTypes.rollout;
const writer = { fieldManager: 'bench', subresource: 'status' } as const;

function rollout(name: string): KubeObject {
  const container = { name: 'main', image: 'example.com/main:1', ports: [{ containerPort: 8080, protocol: 'TCP' }] };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name, namespace: 'bench', labels: { app: name } },
    spec: {
      replicas: 5,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
      strategy: { canary: { steps: [{ setWeight: 20 }, { pause: { duration: '1m' } }, { setWeight: 60 }] } },
    },
  };
}

/** A status of 2 kB; every number makes another one. */
function statusPatch(number: number): object {
  const time = `2026-11-25T20:52:${String(number % 60).padStart(2, '0')}Z`;
  const condition = (kind: string): object => ({
    type: kind,
    status: 'True',
    reason: `Because${kind}`,
    message: `ReplicaSet "bench-5d4f8c9b7" has made progress ${number} of what was asked of it so far`,
    lastUpdateTime: time,
    lastTransitionTime: time,
  });
  return {
    status: {
      currentPodHash: `${number}`,
      stableRS: '5d4f8c9b7',
      replicas: 5,
      updatedReplicas: number % 6,
      readyReplicas: 5,
      availableReplicas: 5,
      currentStepIndex: number % 3,
      observedGeneration: '1',
      phase: 'Progressing',
      message: 'more replicas need to be updated',
      conditions: ['Available', 'Progressing', 'Healthy', 'Paused', 'Completed', 'Initialized'].map(condition),
      canary: { weights: { canary: { weight: number % 100, serviceName: 'canary' }, stable: { weight: 1 } } },
    },
  };
}

const patches = Array.from({ length: 500 }, (_, number) => statusPatch(number));
const patchBytes = JSON.stringify(patches[0]).length;

/** Patches per second of processor time: other programs on the machine do not count. */
function perSecond(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (patchCount / (user + system)) * 1e6;
}

/** Patches per second of the baseline. */
function baseline(): number {
  const texts = patches.map((patch) => JSON.stringify(patch));
  let object = rollout('baseline') as unknown as Json;
  let bytes = 0;
  const start = process.cpuUsage();
  for (let index = 0; index < patchCount; index += 1) {
    object = mergePatch(object, JSON.parse(texts[index % texts.length]!) as Json);
    bytes += JSON.stringify(object).length;
  }
  if (bytes === 0) throw new Error('nothing was written');
  return perSecond(start);
}

/** Patches per second of a cluster that is read by watchers. Every watcher must have seen every patch. */
async function measure(cluster: EmbeddedCluster): Promise<number> {
  for (let index = 0; index < objectCount; index += 1) {
    await cluster.create(type, rollout(`bench-${index}`), {}, call);
  }
  const { resourceVersion } = await cluster.list(type, {}, call);
  const watchers = Array.from({ length: watcherCount }, () => watch(cluster, resourceVersion));
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < patchCount) {
      const number = next;
      next += 1;
      const at = { type, namespace: 'bench', name: `bench-${number % objectCount}` };
      await cluster.patch(at, { kind: 'merge', body: patches[number % patches.length]! }, writer, call);
    }
  };
  const start = process.cpuUsage();
  await Promise.all(Array.from({ length: clientCount }, client));
  await Promise.all(watchers);
  return perSecond(start);
}

async function watch(cluster: EmbeddedCluster, resourceVersion: string): Promise<void> {
  let seen = 0;
  for await (const event of cluster.watch(type, { resourceVersion }, signal)) {
    if (event.type === 'MODIFIED') seen += 1;
    if (seen === patchCount) return;
  }
  throw new Error(`a watcher saw ${seen} of ${patchCount} patches`);
}

function open(statePath?: string): EmbeddedCluster {
  return createEmbeddedCluster({
    clock: systemClock,
    random: seededRandom(1),
    resources: Object.values(resourceSchemas),
    ...(statePath === undefined ? {} : { statePath }),
  });
}

/** Every acknowledged patch must be there after the file is opened again. */
async function checkKept(statePath: string): Promise<void> {
  const cluster = open(statePath);
  const { items, resourceVersion } = await cluster.list(type, {}, call);
  cluster.close();
  const expected = String(1 + patchCount + objectCount);
  if (items.length === objectCount && resourceVersion === expected) return;
  throw new Error(`${items.length} objects at version ${resourceVersion}, expected ${objectCount} at ${expected}`);
}

const base = baseline();
console.log(
  `baseline (parse, merge, print; ${patchBytes} bytes per patch): ${Math.round(base)} patches per CPU second`,
);
const results: string[] = [];
async function report(name: 'memory' | 'sqlite', cluster: EmbeddedCluster): Promise<void> {
  const rate = await measure(cluster);
  cluster.close();
  const isMet = rate >= goals[name];
  if (!isMet) process.exitCode = 1;
  results.push(
    `${name}: ${Math.round(rate)} patches per CPU second with ${watcherCount} watchers, ` +
      `${(base / rate).toFixed(1)} x the cost of the baseline, goal ${goals[name]}/s: ${isMet ? 'met' : 'MISSED'}`,
  );
}
await report('memory', open());
const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
try {
  const statePath = join(directory, 'state.db');
  await report('sqlite', open(statePath));
  await checkKept(statePath);
} finally {
  rmSync(directory, { recursive: true });
}
for (const line of results) console.log(line);
