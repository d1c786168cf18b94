import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { goldenMark } from '../src/simulator/scenario/parse-scenario.ts';
import { playScenario } from '../src/simulator/scenario/play-scenario.ts';
import { readScenarios, scenarioFolder } from '../test/scenarios/read-scenarios.ts';

/*
 * npm run scenarios                       plays every scenario and shows what differs from what is written
 * npm run scenarios -- NAME...            only these
 * npm run scenarios -- --rewrite [NAME]   writes what happens below the mark; what is above it is never touched
 */
const { values, positionals } = parseArgs({
  options: { rewrite: { type: 'boolean', default: false }, show: { type: 'boolean', default: false } },
  allowPositionals: true,
});

let failures = 0;
for (const scenario of readScenarios(positionals)) {
  const { lines, complaints } = await playScenario(scenario);
  const isSame = lines.join('\n') === scenario.golden.join('\n');
  if (values.rewrite && !isSame) {
    writeFileSync(
      join(scenarioFolder, `${scenario.name}.scenario`),
      `${scenario.head}${goldenMark}\n${lines.join('\n')}\n`,
    );
  }
  if (values.show) console.log(lines.join('\n'));
  const told = isSame ? 'as written' : values.rewrite ? 'rewritten' : 'NOT as written';
  console.log(`${complaints.length === 0 ? 'kept  ' : 'BROKEN'} ${scenario.name}: ${told}`);
  for (const complaint of complaints) console.log(`  ${complaint}`);
  if (complaints.length > 0 || (!isSame && !values.rewrite)) failures += 1;
}
if (failures > 0) {
  console.log(`${failures} scenarios are not as they should be`);
  process.exitCode = 1;
}
