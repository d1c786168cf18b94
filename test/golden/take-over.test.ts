import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { checkTakeOver, takeOverPoints } from './lives/check-take-over.ts';
import { withEarlierHashes } from './lives/earlier-hashes.ts';
import type { RecordedLife } from './lives/life.ts';
import { recordedLives } from './lives/recorded-lives.ts';

/** `npm run take-over` tries every point of every life; here each has its turn at another part of its life. */
const livesPerTest = 3;
const partsOfLife = 7;

/**
 * Lives whose later revisions are all there when they are taken over, and the part of the life after which they are.
 */
const livesWithEarlierHashes = [
  ['canary-abort-in-pause', 0.7],
  ['canary-rollback-mid-update', 0.6],
  ['bg-manual-promotion', 0.8],
  ['istio-pause-promote', 0.7],
  ['istio-subset-abort', 0.6],
] as const;

describe('a Rollout that another controller left half-way goes on where it was', () => {
  for (const [index, file] of recordedLives.entries()) {
    if (index % livesPerTest !== 0) continue;
    const life = readLife(file);
    const points = takeOverPoints(life);
    const at = points[Math.floor((points.length * (1 + ((index / livesPerTest) % partsOfLife))) / (partsOfLife + 1))];
    assert.ok(at !== undefined);
    test(`${life.name} after ${at} of ${life.trace.length} entries`, async () => {
      assert.deepEqual((await checkTakeOver(life, at)).mismatches, []);
    });
  }
});

describe('a Rollout of a controller with older libraries keeps its hashes', () => {
  for (const [name, part] of livesWithEarlierHashes) {
    test(name, async () => {
      const recorded = readLife(`lives/recorded/${name}.json`);
      const life = withEarlierHashes(recorded);
      assert.notDeepEqual(life, recorded);
      const points = takeOverPoints(life);
      const at = points[Math.floor(points.length * part)];
      assert.ok(at !== undefined);
      assert.deepEqual((await checkTakeOver(life, at)).mismatches, []);
    });
  }
});

function readLife(file: string): RecordedLife {
  // Recorded in this form; the golden tests check it.
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as RecordedLife;
}
