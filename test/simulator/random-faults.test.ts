import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seededRandom } from '../../src/base/random.ts';
import { metricKinds } from '../../src/simulator/image-behaviour.ts';
import { randomMix, type FaultMix } from '../../src/simulator/random/random-faults.ts';
import { randomScenario } from '../../src/simulator/random/random-scenario.ts';

/** What the safety specification lists as faults, by what stands for it in a random life. */
const troubles: Readonly<Record<string, RegExp>> = {
  'F16 pods that never get ready': /image \S+ never gets ready/u,
  'F16 pods that come and go': /image \S+ crashes after/u,
  'F16 pods that are lost with their node': /lose \S+ pods of/u,
  'F16 pods that are evicted': /evict \S+ pods of/u,
  'F17 a change of replicas in the middle of a step': /scale web to \d/u,
  'F18 a write of ours that is reverted': /somebody edits route web/u,
  'F19 another controller that edits Services': /somebody edits service web-/u,
  'F21 a router that refuses': /the gateway refuses routes/u,
  'F23 a new revision at any instant': /set image web shop:[1-4]/u,
  'F24 a command that comes late': /abort web, looked at \d+s ago/u,
  'F25 an object that is deleted and made again': /delete web and create it again/u,
  'F26 pods that cannot be made': /image \S+ cannot be pulled/u,
  'F27 fields that are not known': /timeouts: \{ request: 5s \}/u,
  'F29 a controller that finds an old status': /restart the controller/u,
  'F30 a field of the status that somebody changes': /edit the status of web/u,
};

const seeds = Array.from({ length: 400 }, (_, index) => seededRandom(index + 1));

test('random lives meet every fault that people and the world can make', () => {
  const texts = seeds.map((random) => randomScenario(random.fork('scenario')));
  const missed = (patterns: Readonly<Record<string, RegExp>>): readonly string[] =>
    Object.entries(patterns).flatMap(([fault, pattern]) => (texts.some((text) => pattern.test(text)) ? [] : [fault]));
  assert.deepEqual(missed(troubles), []);
  // F22
  const metrics = metricKinds.map((kind) => [kind, new RegExp(`has ${kind} metrics`, 'u')] as const);
  assert.deepEqual(missed(Object.fromEntries(metrics)), []);
});

test('random lives meet every fault between the controller and the cluster, but most of them without it', () => {
  const mixes = seeds.map((random) => randomMix(random.fork('mix')));
  const faults = Object.keys(mixes[0] ?? {}) as (keyof FaultMix)[];
  assert.ok(faults.length > 10);
  for (const fault of faults) {
    const count = mixes.filter((mix) => mix[fault] > 0).length;
    assert.ok(count > 0 && count < seeds.length / 2, `${fault} is met by ${count} of ${seeds.length}`);
  }
});
