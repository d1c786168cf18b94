import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { knownBugs } from './known-bugs.ts';

const run = promisify(execFile);
const player = fileURLToPath(new URL('play-with-defect.ts', import.meta.url));
const timeoutMs = 120_000;

/**
 * What promises and invariants say of a scenario with a defect in our code, which is planted in a process of its own.
 */
async function complaintsWith(scenario: string, defect: object): Promise<readonly string[]> {
  const words = ['--disable-warning=ExperimentalWarning', player, scenario, JSON.stringify(defect)];
  const { stdout } = await run(process.execPath, words, { timeout: timeoutMs, maxBuffer: 2 ** 24 });
  // Printed by the player as a list of lines.
  return JSON.parse(stdout) as readonly string[];
}

describe('known bugs of tools like this one are noticed', { concurrency: 2 }, () => {
  for (const { letter, title, cases } of knownBugs) {
    for (const { scenario, defect } of cases) {
      test(`${letter}, ${title}: ${defect.what}, by ${scenario}`, async () => {
        const complaints = await complaintsWith(scenario, defect);
        assert.notEqual(complaints.length, 0, `${scenario} does not notice it`);
      });
    }
  }

  test('two scenarios and more for every class', () => {
    assert.deepEqual(knownBugs.map(({ letter }) => letter).join(''), 'ABCDEFGHI');
    for (const { letter, cases } of knownBugs) {
      assert.ok(new Set(cases.map(({ scenario }) => scenario)).size >= 2, letter);
    }
  });
});
