import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { checkTakeOver, takeOverPoints } from './lives/check-take-over.ts';
import type { RecordedLife } from './lives/life.ts';
import { recordedLives } from './lives/recorded-lives.ts';

/** `npm run take-over` tries every point of every life; here each has its turn at another part of its life. */
const livesPerTest = 3;
const partsOfLife = 7;

describe('a Rollout that another controller left half-way goes on where it was', () => {
  for (const [index, file] of recordedLives.entries()) {
    if (index % livesPerTest !== 0) continue;
    // Recorded in this form; the golden tests check it.
    const life = JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as RecordedLife;
    const points = takeOverPoints(life);
    const at = points[Math.floor((points.length * (1 + ((index / livesPerTest) % partsOfLife))) / (partsOfLife + 1))];
    assert.ok(at !== undefined);
    test(`${life.name} after ${at} of ${life.trace.length} entries`, async () => {
      assert.deepEqual((await checkTakeOver(life, at)).mismatches, []);
    });
  }
});
