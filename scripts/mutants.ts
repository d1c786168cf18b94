import { parseArgs } from 'node:util';

import { decide } from '../src/engine/decide.ts';
import { findKiller, mutants, type Mutant } from '../src/simulator/mutants.ts';
import { readScenarios } from '../test/scenarios/read-scenarios.ts';

/*
 * npm run mutants                 sets every guard and every gate to true, then to false, and names a scenario that
 *                                 notices; fails when one goes unnoticed
 * npm run mutants -- NAME...      only these guards and gates
 */

/** Mutants that change nothing that can be seen, and why. `NAME=VALUE`. */
const equivalent: Readonly<Record<string, string>> = {};

const { positionals } = parseArgs({ allowPositionals: true });
const scenarios = readScenarios();
/** Scenarios that noticed something before are likely to notice more. */
const noticed = new Map<string, number>();
let wrong = 0;

// Without a mutant every scenario must be as it is written: else everything would be noticed for the wrong reason.
const broken = await findKiller({ decide }, scenarios);
if (broken !== undefined)
  throw new Error(`${broken.scenario.name} is not as it is written to begin with: ${broken.how}`);

for (const mutant of mutants(positionals)) await judge(mutant);
if (wrong > 0) {
  console.log(`${wrong} mutants are not as they should be`);
  process.exitCode = 1;
}

async function judge(mutant: Mutant): Promise<void> {
  const order = scenarios.toSorted((left, right) => (noticed.get(right.name) ?? 0) - (noticed.get(left.name) ?? 0));
  const killer = await findKiller(mutant, order);
  const name = `${mutant.name}=${mutant.value}`;
  const reason = equivalent[name];
  if ((killer === undefined) === (reason === undefined)) wrong += 1;
  if (killer === undefined) {
    console.log(`${reason === undefined ? 'UNNOTICED ' : 'equivalent'} ${name.padEnd(34)} ${reason ?? ''}`);
    return;
  }
  const { scenario, how } = killer;
  noticed.set(scenario.name, (noticed.get(scenario.name) ?? 0) + 1);
  const listed = reason === undefined ? '' : ' (take it off the list of equivalent ones)';
  console.log(`noticed    ${name.padEnd(34)} ${scenario.name}: ${how.slice(0, 120)}${listed}`);
}
