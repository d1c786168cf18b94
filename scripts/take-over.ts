import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { checkTakeOver, takeOverPoints } from '../test/golden/lives/check-take-over.ts';
import type { RecordedLife } from '../test/golden/lives/life.ts';
import { recordedLives } from '../test/golden/lives/recorded-lives.ts';

/*
 * npm run take-over                       stops every recorded life after every write, lets Sluice go on, and compares
 * npm run take-over -- --every N          after every Nth write only
 * npm run take-over -- NAME...            only these lives
 */
const { values, positionals } = parseArgs({
  options: { every: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const every = Number(values.every);
if (!Number.isInteger(every) || every < 1)
  throw new Error(`--every is "${values.every}"; it must be a whole number from 1`);

let [tried, failed] = [0, 0];
for (const file of recordedLives) {
  // Recorded in this form; the golden tests check it.
  const life = JSON.parse(readFileSync(new URL(`../test/golden/${file}`, import.meta.url), 'utf8')) as RecordedLife;
  if (positionals.length > 0 && !positionals.includes(life.name)) continue;
  const points = takeOverPoints(life).filter((_, index) => index % every === every - 1);
  let wrong = 0;
  for (const entries of points) {
    const { mismatches } = await checkTakeOver(life, entries);
    tried += 1;
    if (mismatches.length === 0) continue;
    wrong += 1;
    console.log(`FAIL ${life.name} after ${entries} of ${life.trace.length} entries`);
    for (const { what, expected, ours } of mismatches) {
      console.log(
        `  ${what}\n    expected ${String(expected).slice(0, 300)}\n    ours     ${String(ours).slice(0, 300)}`,
      );
    }
  }
  failed += wrong;
  console.log(`${life.name}: ${points.length - wrong} of ${points.length} go on as recorded`);
}
console.log(`${tried - failed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
