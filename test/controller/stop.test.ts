import assert from 'node:assert/strict';
import { test } from 'node:test';

import { resourceSchemas } from '../../src/api/crd.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import { SluiceError } from '../../src/base/error.ts';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { createEmbeddedCluster } from '../../src/cluster/embedded/embedded-cluster.ts';
import { createController } from '../../src/controller/controller.ts';
import { createMemoryJournal } from '../../src/controller/journal.ts';
import { delegate } from '../cluster/delegate.ts';
import { VirtualClock } from '../cluster/embedded/virtual-clock.ts';

const call = { signal: new AbortController().signal };

test('a controller that is asked to end waits for Events that cannot be written, but not for long', async (context) => {
  const clock = new VirtualClock();
  const random = seededRandom(3);
  const cluster = createEmbeddedCluster({ clock, random, resources: Object.values(resourceSchemas) });
  context.after(() => cluster.close());
  const controller = createController({
    cluster: {
      ...delegate(cluster),
      create: (type, ...rest) =>
        type === resourceTypes.event
          ? Promise.reject(new SluiceError('Unavailable', 'nobody takes Events'))
          : cluster.create(type, ...rest),
    },
    clock,
    random,
    log: silentLog,
    journal: createMemoryJournal(),
    routers: [],
    metricProviders: {},
    http: { send: () => assert.fail('nothing is measured') },
  });
  const started = controller.start();
  await clock.advance(1000);
  await started;
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
  const spec = { replicas: 1, selector: { matchLabels: { app: 'web' } }, template, strategy: { canary: {} } };
  const metadata = { name: 'web', namespace: 'shop' };
  const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata, spec };
  const made = cluster.create(resourceTypes.rollout, rollout, {}, call);
  await clock.advance(2000);
  await made;
  assert.ok(controller.stats.eventsWaiting > 0);
  let isOver = false;
  const over = controller.stop().then(() => (isOver = true));
  await clock.advance(4000);
  assert.equal(isOver, false);
  await clock.advance(2000);
  assert.equal(isOver, true);
  await over;
});
