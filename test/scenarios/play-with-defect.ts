import { registerHooks } from 'node:module';

import type { Defect } from './known-bugs.ts';

/*
 * node play-with-defect.ts SCENARIO DEFECT     plays a scenario with a defect (JSON) in our own code, and prints what
 *                                              the promises and the invariants say, as a JSON list
 */
const [scenarioName = '', written = ''] = process.argv.slice(2);
// Given by the test beside this file.
const { file, text, instead } = JSON.parse(written) as Defect;
const target = new URL(`../../src/${file}`, import.meta.url).href;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (url !== target) return loaded;
    const source =
      typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source ?? undefined);
    if (source.split(text).length !== 2) throw new Error(`"${text}" does not stand in ${file} exactly once`);
    return { ...loaded, source: source.replace(text, () => instead) };
  },
});

// Only what is loaded from here on has the defect.
const { readScenarios } = await import('./read-scenarios.ts');
const { playScenario } = await import('../../src/simulator/scenario/play-scenario.ts');

const eventsMax = 20_000;
const [scenario] = readScenarios([scenarioName]);
if (scenario === undefined) throw new Error(`there is no scenario "${scenarioName}"`);
// A world that goes round and round is given up with an error.
const complaints = await playScenario(scenario, { eventsMax }).then(
  (performance) => performance.complaints,
  (error: unknown) => [String(error)],
);
console.log(JSON.stringify(complaints));
