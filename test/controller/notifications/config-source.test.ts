import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SluiceError } from '../../../src/base/error.ts';
import { silentLog } from '../../../src/base/log.ts';
import { createConfigSource } from '../../../src/controller/notifications/config-source.ts';
import { urgentCluster } from '../../../src/controller/urgent-cluster.ts';
import { notificationServices } from '../../../src/providers/notifications/registry.ts';
import { VirtualClock } from '../../cluster/embedded/virtual-clock.ts';
import { AnalysisStage } from '../runs/analysis-stage.ts';

const { signal } = new AbortController();

test('a configuration is read once by all who need it, again after a while, and its absence is known', async () => {
  const stage = new AnalysisStage();
  const asked: string[] = [];
  const cluster = {
    ...urgentCluster(stage.cluster, () => false),
    get: ({ name }: { readonly name: string }) => {
      asked.push(name);
      return Promise.reject(new SluiceError('NotFound', `there is no ${name}`));
    },
  };
  const clock = new VirtualClock();
  const services = notificationServices;
  const source = createConfigSource({ cluster, clock, log: silentLog, namespace: 'shop', services });
  assert.equal(source.known, undefined);
  const all = await Promise.all(Array.from({ length: 100 }, () => source.read(signal)));
  assert.equal(new Set(all).size, 1);
  assert.deepEqual(asked, ['argo-rollouts-notification-configmap']);
  assert.equal(source.known, source.fresh);
  await clock.advance(59_000);
  assert.equal(source.known, source.fresh);
  await clock.advance(2000);
  assert.equal(source.fresh, undefined);
  assert.notEqual(source.known, undefined);
  await source.read(signal);
  assert.equal(asked.length, 2);
  const ending = new AbortController();
  await clock.advance(61_000);
  const [given, kept] = [source.read(ending.signal), source.read(signal)];
  ending.abort(new Error('no more'));
  await assert.rejects(given, /no more/);
  assert.equal(await kept, source.fresh);
  await stage.close();
});

test('a configuration that is there is read again after ten seconds', async () => {
  const stage = new AnalysisStage();
  const asked: string[] = [];
  const cluster = {
    ...urgentCluster(stage.cluster, () => false),
    get: ({ name }: { readonly name: string }) => {
      asked.push(name);
      const metadata = { name, resourceVersion: '7' };
      return Promise.resolve({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { context: 'a: b' } });
    },
  };
  const clock = new VirtualClock();
  const services = notificationServices;
  const source = createConfigSource({ cluster, clock, log: silentLog, namespace: 'shop', services });
  await source.read(signal);
  assert.deepEqual(asked, ['argo-rollouts-notification-configmap', 'argo-rollouts-notification-secret']);
  await clock.advance(9000);
  assert.equal(source.known, source.fresh);
  await clock.advance(2000);
  assert.equal(source.fresh, undefined);
  await stage.close();
});
