import { parseArgs } from 'node:util';

import { crashReference, tryCrashPlan } from '../src/simulator/crash-plans.ts';
import { simulateSeed } from '../src/simulator/random/simulate-seed.ts';
import { readScenarios } from '../test/scenarios/read-scenarios.ts';

/*
 * npm run simulate                            20 random lives with faults; a failure names its seed
 * npm run simulate -- --seeds N --from S      the N lives from seed S on
 * npm run simulate -- --seed S                one of them again, with everything that happens in it
 * npm run simulate -- --crashes [NAME...]     every crash plan of every scenario
 */
const { values, positionals } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    crashes: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

let failures = 0;
if (values.crashes) await crash(positionals);
else if (values.seed !== undefined) await replay(readCount(values.seed, 'seed'));
else await simulate(readCount(values.from, 'from'), readCount(values.seeds, 'seeds'));
if (failures > 0) process.exitCode = 1;

function readCount(text: string, option: string): number {
  if (!/^\d{1,9}$/u.test(text)) throw new Error(`--${option} is ${JSON.stringify(text)}; it must be a whole number`);
  return Number(text);
}

async function simulate(from: number, count: number): Promise<void> {
  for (let seed = from; seed < from + count; seed += 1) {
    const { complaints } = (await simulateSeed(seed)).outcome;
    if (complaints.length === 0) continue;
    failures += 1;
    console.log(`seed ${seed} fails; look with: npm run simulate -- --seed ${seed}`);
    for (const complaint of complaints.slice(0, 5)) console.log(`  ${complaint}`);
  }
  console.log(`${count} seeds from ${from}: ${failures === 0 ? 'all are well' : `${failures} fail`}`);
}

async function replay(seed: number): Promise<void> {
  const { text, mix, outcome } = await simulateSeed(seed);
  console.log(text);
  console.log(JSON.stringify(mix));
  console.log(outcome.lines.join('\n'));
  console.log(`hash ${outcome.hash}`);
  for (const complaint of outcome.complaints) console.log(complaint);
  failures += outcome.complaints.length;
}

async function crash(names: readonly string[]): Promise<void> {
  for (const scenario of readScenarios(names)) {
    // How long a scenario is looked at by hand says nothing about where it ends.
    if (scenario.untilMs !== undefined) continue;
    const reference = await crashReference(scenario);
    let wrong = 0;
    for (const plan of reference.plans) {
      const differences = await tryCrashPlan(reference, plan);
      if (differences.length === 0) continue;
      wrong += 1;
      console.log(`${scenario.name}: ${plan.variant} of write ${plan.write} (${plan.what})`);
      for (const difference of differences.slice(0, 5)) console.log(`  ${difference}`);
    }
    failures += wrong;
    console.log(`${scenario.name}: ${reference.plans.length} crash plans, ${wrong} end otherwise`);
  }
}
