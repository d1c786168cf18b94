import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import type { KubeObject, ResourceType } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import type { RolloutStatus } from '../../src/api/rollout.ts';
import { applyObject } from '../control-plane/apply-manifests.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { judgeTakeOver, takeOverPoints } from '../golden/lives/check-take-over.ts';
import { servedKinds } from '../golden/lives/life-kinds.ts';
import type { LifeChange } from '../golden/lives/life-stage.ts';
import type { RecordedLife } from '../golden/lives/life.ts';
import { ControllerProcess } from './controller-process.ts';
import { RealLife } from './real-life.ts';
import { installKinds } from './shop.ts';
import { ownControlPlaneSuite } from './suite.ts';

/** One life of each group of recordings, and the part of it that the reference did. */
const lives: readonly (readonly [name: string, part: number])[] = [
  ['alb-steps', 0.7],
  ['analysis-inline-success', 0.7],
  ['apisix-steps', 0.6],
  ['bg-manual-promotion', 0.6],
  ['canary-two-pauses-promote-each', 0.6],
  ['error-invalid-spec-mid-update', 0.6],
  ['experiment-step-duration', 0.6],
  ['istio-pause-promote', 0.6],
  ['nginx-abort', 0.6],
  ['workloadref-never', 0.7],
];

/** Kinds of which recordings tell. */
const built = [
  resourceTypes.replicaSet,
  resourceTypes.deployment,
  resourceTypes.service,
  resourceTypes.job,
  resourceTypes.ingress,
  resourceTypes.pod,
];

interface Taken {
  readonly recorded: RecordedLife;
  readonly entries: number;
  readonly life: RealLife;
}

ownControlPlaneSuite('a real API server', { kubelet: { startLatency: '1s' } }, (plane) => {
  describe(
    'Rollouts that another controller left half-way go on where they were',
    { concurrency: lives.length },
    () => {
      const stop = new AbortController();
      const taken = new Map<string, Taken>();
      let controller: ControllerProcess;

      before(async () => {
        await installKinds(plane());
        await installRouters(plane());
        for (const [name, part] of lives) {
          const recorded = readLife(name);
          const points = takeOverPoints(recorded);
          const entries = points[Math.floor(points.length * part)] ?? assert.fail();
          taken.set(name, { recorded, entries, life: await RealLife.open(recorded, plane().cluster()) });
        }
        const types = [...servedKinds().map(({ type }) => type), ...built];
        for (const type of types) void followKind(plane(), type, taken, stop.signal);
        await leaveHalfWay([...taken.values()]);
        const flags = ['--leader-elect', 'false', '--metric-loopback', 'true'];
        controller = new ControllerProcess(plane().kubeconfig(), flags);
        await controller.leads();
      });

      after(async () => {
        stop.abort();
        for (const { life } of taken.values()) life.close();
        await controller.end();
      });

      for (const [name] of lives) {
        test(name, async () => {
          const { recorded, entries, life } = taken.get(name) ?? assert.fail();
          const [left, count] = [new Map(life.objects), life.changes.length];
          const replay = await life.goOn();
          assert.deepEqual(judgeTakeOver(recorded, entries, replay).mismatches, []);
          checkContinuity(left, replay.changes.slice(count));
          assert.ok(!controller.lines.some(({ msg }) => msg === 'a bug was met'));
        });
      }
    },
  );
});

/** None of these lives gets another revision after it was left: all that is there stays what it is. */
function checkContinuity(left: ReadonlyMap<string, KubeObject>, changes: readonly LifeChange[]): void {
  for (const { type, object } of changes) {
    const key = `${object.kind}/${object.metadata.name}`;
    const before = left.get(key);
    if (before === undefined) continue;
    assert.equal(object.metadata.uid, before.metadata.uid, `${key} is made again`);
    assert.ok(type !== 'DELETED' || object.kind !== 'ReplicaSet', `${key} is deleted`);
  }
  const rollouts = [...left.values(), ...changes.map(({ object }) => object)].filter(({ kind }) => kind === 'Rollout');
  // A Rollout has a status of this shape.
  const states = rollouts.map(({ status }) => status as RolloutStatus);
  assert.equal(new Set(states.map(({ currentPodHash }) => currentPodHash)).size, 1);
  for (const [index, { abort, currentStepIndex = 0 }] of states.entries()) {
    const { currentStepIndex: last = 0 } = states[index - 1] ?? {};
    assert.ok(abort === true || currentStepIndex >= last, `it goes back from step ${last} to ${currentStepIndex}`);
  }
}

function readLife(name: string): RecordedLife {
  const file = new URL(`../golden/lives/recorded/${name}.json`, import.meta.url);
  // Recorded in this form; the golden tests check it.
  return JSON.parse(readFileSync(file, 'utf8')) as RecordedLife;
}

/** All lives come to the state in which they are left at the same time. */
async function leaveHalfWay(all: readonly Taken[]): Promise<void> {
  const partMs = ({ recorded, entries }: Taken): number => (recorded.trace[entries - 1]?.t ?? 0) * 1000;
  const longestMs = Math.max(...all.map(partMs));
  await Promise.all(
    all.map(async (one) => {
      await delay(longestMs - partMs(one));
      await one.life.follow(one.entries);
    }),
  );
}

async function followKind(
  plane: ControlPlane,
  type: ResourceType,
  taken: ReadonlyMap<string, Taken>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const event of plane.cluster().watch(type, { resourceVersion: '' }, signal)) {
      if (event.type !== 'BOOKMARK') taken.get(event.object.metadata.namespace ?? '')?.life.take(event);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The kinds of meshes and proxies, which take whatever is written. */
async function installRouters(plane: ControlPlane): Promise<void> {
  const open = servedKinds().filter((kind) => kind.type.group !== resourceTypes.rollout.group);
  for (const { type } of open) await applyObject(plane.cluster(), definitionOf(type), AbortSignal.timeout(60_000));
}

function definitionOf({ group, version, kind, plural, namespaced }: ResourceType): KubeObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  // Groups of Kubernetes itself are only taken with its approval.
  const annotations = { 'api-approved.kubernetes.io': 'unapproved, for a test' };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, annotations },
    spec: {
      group,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      scope: namespaced ? 'Namespaced' : 'Cluster',
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}
