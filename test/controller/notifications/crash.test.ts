import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { resourceTypes } from '../../../src/api/resource-types.ts';
import { SluiceError } from '../../../src/base/error.ts';
import type { ClusterPort } from '../../../src/cluster/port.ts';
import type { HttpPort } from '../../../src/controller/http-port.ts';
import { pendingAnnotation } from '../../../src/providers/notifications/pending-state.ts';
import { notificationServices } from '../../../src/providers/notifications/registry.ts';
import { AnalysisStage, nobody } from '../runs/analysis-stage.ts';

/** Events that a status tells of, and such that leave no trace in it. */
const triggers = [
  'on-rollout-updated',
  'on-new-replica-set-created',
  'on-scaling-replica-set',
  'on-rollout-step-completed',
  'on-rollout-paused',
  'on-rollout-resumed',
  'on-rollout-completed',
];

const configuration = {
  'service.webhook.hook': 'url: https://hooks.example/',
  ...Object.fromEntries(triggers.map((name) => [`template.${name}`, `message: ${name}`])),
  ...Object.fromEntries(triggers.map((name) => [`trigger.${name}`, `- send: [${name}]`])),
  subscriptions: `- recipients: [hook:all]\n  triggers: [${triggers.join(', ')}]`,
};

/** A process: what it asks of the cluster and of others ends with it. */
class Process {
  /** What is written when no more is to be written. */
  writesMax = Infinity;
  writes = 0;
  readonly cluster: ClusterPort;
  readonly http: HttpPort;

  constructor(cluster: ClusterPort, told: string[]) {
    const read = <T>(work: () => Promise<T>): Promise<T> => (this.#isDead ? Promise.reject(dead()) : work());
    const write = async <T>(work: () => Promise<T>): Promise<T> => {
      if (this.#isDead) throw dead();
      this.writes += 1;
      const answer = await work();
      // A process that has ended does not hear the answer.
      if (this.#isDead) throw dead();
      return answer;
    };
    this.cluster = {
      name: cluster.name,
      get: (at, call) => read(() => cluster.get(at, call)),
      list: (type, query, call) => read(() => cluster.list(type, query, call)),
      watch: (type, query, signal) => cluster.watch(type, query, signal),
      // Events change nothing that notifications are about.
      create: (type, object, options, call) =>
        (type === resourceTypes.event ? read : write)(() => cluster.create(type, object, options, call)),
      update: (type, object, options, call) => write(() => cluster.update(type, object, options, call)),
      patch: (at, patch, options, call) => write(() => cluster.patch(at, patch, options, call)),
      delete: (at, options, call) => write(() => cluster.delete(at, options, call)),
      deleteCollection: (type, query, options, call) =>
        write(() => cluster.deleteCollection(type, query, options, call)),
      evict: (pod, options, call) => write(() => cluster.evict(pod, options, call)),
    };
    this.http = {
      send: ({ id, body = '' }) => {
        if (this.#isDead) return Promise.resolve({ kind: 'failure', id, code: 'Unavailable', message: 'nobody asks' });
        told.push(body);
        return Promise.resolve({ kind: 'answer', id, status: 200, contentType: '', body: '' });
      },
    };
  }

  get #isDead(): boolean {
    return this.writes >= this.writesMax;
  }
}

function dead(): SluiceError {
  return new SluiceError('NotLeader', 'this process has ended');
}

function spec(image: string): object {
  const labels = { app: 'web' };
  return {
    replicas: 2,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } },
    strategy: { canary: { steps: [{ setWeight: 50 }, { pause: { duration: '2s' } }] } },
  };
}

/** Every point takes a whole update: so many are left out between two. */
const stride = 3;

interface Outcome {
  /** What was told of the update, in order. */
  readonly told: readonly string[];
  /** Writes of the first process from the update on. */
  readonly writes: number;
  /** What is still kept on the Rollout at the end. */
  readonly pending: string | undefined;
}

/** An update by a process that ends after so many writes, and by the one that comes after it. */
async function update(writesMax: number): Promise<Outcome> {
  const told: string[] = [];
  const stage = new AnalysisStage(nobody);
  const startProcess = async (): Promise<Process> => {
    const process = new Process(stage.cluster, told);
    const mail = { send: () => Promise.resolve({ kind: 'sent' } as const) };
    const notifications = { namespace: 'shop', http: process.http, mail, services: notificationServices };
    stage.add({ cluster: process.cluster, notifications });
    await stage.startController();
    return process;
  };
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', name: 'argo-rollouts-notification-configmap' };
  await stage.create(resourceTypes.configMap, { ...configMap, data: configuration });
  const first = await startProcess();
  const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web', spec: spec('web:1') };
  await stage.create(resourceTypes.rollout, rollout);
  await stage.clock.advance(5000);
  const [toldBefore, writesBefore] = [told.length, first.writes];
  first.writesMax = writesBefore + writesMax;
  await stage.patch(resourceTypes.rollout, 'web', { spec: spec('web:2') });
  await stage.clock.advance(3000);
  if (writesMax !== Infinity) {
    await stage.stopController();
    await startProcess();
  }
  await stage.clock.advance(12_000);
  const { metadata, status } = await stage.read(resourceTypes.rollout, 'web');
  assert.equal((status as { phase?: string }).phase, 'Healthy');
  await stage.close();
  const pending = metadata.annotations?.[pendingAnnotation];
  return { told: told.slice(toldBefore), writes: first.writes - writesBefore, pending };
}

function countsOf(told: readonly string[]): ReadonlyMap<string, number> {
  return new Map(triggers.map((trigger) => [trigger, told.filter((text) => text === trigger).length]));
}

describe('a process that ends', () => {
  test('after one of its writes loses no notification, and what was sent and noted is not sent again', async () => {
    const whole = await update(Infinity);
    const expected = countsOf(whole.told);
    for (const trigger of triggers) assert.ok((expected.get(trigger) ?? 0) > 0, trigger);
    assert.equal(whole.pending, undefined);
    assert.ok(whole.writes > 10, `${whole.writes} writes`);
    for (let writes = 1; writes <= whole.writes; writes += stride) {
      const { told, pending } = await update(writes);
      const counts = countsOf(told);
      for (const [trigger, count] of expected) {
        assert.ok((counts.get(trigger) ?? 0) >= count, `${trigger} after ${writes} writes: ${told.join(' ')}`);
      }
      // One recipient is sent one thing after the other: only the last one may not be noted.
      assert.ok(told.length <= whole.told.length + 1, `after ${writes} writes: ${told.join(' ')}`);
      assert.equal(pending, undefined, `after ${writes} writes`);
    }
  });
});
