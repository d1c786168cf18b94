import assert from 'node:assert/strict';

import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { createEmbeddedCluster } from '../../../src/cluster/embedded/embedded-cluster.ts';
import { clusterContract } from '../../contract/cluster.ts';
import { contractResources } from '../../contract/cluster/widget.ts';
import { recordedAnswers, recordedVersions } from '../../contract/recorded-answers.ts';

const newest = recordedVersions().at(-1);
assert.ok(newest, 'the answers of a real API server are recorded');

clusterContract(
  'embedded',
  async () => {
    const cluster = createEmbeddedCluster({
      clock: systemClock,
      random: seededRandom(1),
      resources: contractResources,
      freeze: true,
      bookmarkIntervalMs: 100,
    });
    return {
      cluster,
      has: ['garbage-collector', 'disruption-controller', 'compaction'],
      compact: async () => cluster.compact(),
      close: async () => cluster.close(),
    };
  },
  recordedAnswers(newest),
);
