import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseScenario } from '../../src/simulator/scenario/parse-scenario.ts';
import type { Scenario } from '../../src/simulator/scenario/scenario.ts';

export const scenarioFolder = import.meta.dirname;

/** The scenarios of this folder by name; all without names. */
export function readScenarios(names: readonly string[] = []): readonly Scenario[] {
  const files = readdirSync(scenarioFolder).filter((file) => file.endsWith('.scenario'));
  const all = files.toSorted().map((file) => file.slice(0, -'.scenario'.length));
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`there is no scenario "${unknown}"`);
  return all.filter((name) => names.length === 0 || names.includes(name)).map(readScenario);
}

function readScenario(name: string): Scenario {
  const text = readFileSync(join(scenarioFolder, `${name}.scenario`), 'utf8');
  return parseScenario(text, name, scenarioFolder);
}
