import { decide } from '../engine/decide.ts';
import type { Decision } from '../engine/decision.ts';
import { gates } from '../engine/gates.ts';
import { factGuards, storedGuards } from '../engine/guards.ts';
import { machine } from '../engine/machine.ts';
import type { World } from '../engine/world.ts';
import { playScenario } from './scenario/play-scenario.ts';
import type { Scenario } from './scenario/scenario.ts';

/** The engine with one guard of its statechart, or one gate, that always says the same. */
export interface Mutant {
  readonly name: string;
  readonly value: boolean;
  readonly decide: (world: World) => Decision;
}

/** A mutated run may go round and round; a sound one has a few hundred events. */
const eventsMax = 5000;

/** Every guard and every gate with these names, set to true and to false; all without names. */
export function mutants(names: readonly string[] = []): readonly Mutant[] {
  const guards = Object.keys({ ...storedGuards, ...factGuards });
  const makers = [
    ...guards.map((name) => ({ name, make: guardMutant })),
    ...gates.map(({ name }) => ({ name, make: gateMutant })),
  ];
  const unknown = names.find((name) => !makers.some((maker) => maker.name === name));
  if (unknown !== undefined) throw new Error(`there is no guard or gate "${unknown}"`);
  return makers
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .flatMap(({ name, make }) => [true, false].map((value) => make(name, value)));
}

/** The first of the scenarios that notices a mutant, and how; undefined when none does. */
export async function findKiller(
  mutant: Pick<Mutant, 'decide'>,
  scenarios: readonly Scenario[],
): Promise<{ readonly scenario: Scenario; readonly how: string } | undefined> {
  for (const scenario of scenarios) {
    const how = await difference(scenario, mutant);
    if (how !== undefined) return { scenario, how };
  }
  return undefined;
}

function guardMutant(name: string, value: boolean): Mutant {
  const chart = machine.provide({ guards: { [name]: () => value } });
  return { name, value, decide: (world) => decide(world, chart) };
}

/** A gate that always holds, or never. It is only changed while one decision is made. */
function gateMutant(name: string, value: boolean): Mutant {
  const hold = value ? { reason: 'Mutant', message: 'this gate always holds' } : undefined;
  const gate = gates.find((candidate) => candidate.name === name) ?? { name, held: () => undefined };
  return {
    name,
    value,
    decide(world) {
      const held = gate.held.bind(gate);
      try {
        Object.assign(gate, { held: () => hold });
        return decide(world);
      } finally {
        Object.assign(gate, { held });
      }
    },
  };
}

/** What is not as it is written; undefined when the scenario notices nothing. */
async function difference(
  scenario: Scenario,
  { decide: decision }: Pick<Mutant, 'decide'>,
): Promise<string | undefined> {
  try {
    const { lines, complaints } = await playScenario(scenario, { decide: decision, eventsMax });
    const index = lines.findIndex((line, at) => line !== scenario.golden[at]);
    const isSame = index === -1 && lines.length === scenario.golden.length;
    return complaints[0] ?? (isSame ? undefined : `what happens is something else: ${(lines[index] ?? 'less').trim()}`);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
