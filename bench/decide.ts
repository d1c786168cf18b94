import { initialTransition, transition } from 'xstate';

import { decide } from '../src/engine/decide.ts';
import type { Facts } from '../src/engine/facts.ts';
import { machine } from '../src/engine/machine.ts';
import { observeFacts } from '../src/engine/observe-facts.ts';
import { restore } from '../src/engine/settle.ts';
import { situate } from '../src/engine/situation.ts';
import { readStored, type Stored } from '../src/engine/stored.ts';
import type { World } from '../src/engine/world.ts';
import { modelWorld, type ModelOptions } from '../test/engine/model-world.ts';

// What a decision costs. The baseline is the least that a statechart costs by itself: restoring it from the stored
// facts and one transition, for the same worlds, in turn with the decisions. Rates are per second of processor time,
// so that a busy machine does not change them much. Exit status 1 when a goal is missed.

const goals = { ratioMax: 3, perSecondMin: 4000 };
const rounds = 20;
const passesPerRound = 4000;

const steps = [{ setWeight: 20 }, { pause: { duration: '30s' } }, { setWeight: 60 }, { pause: { duration: '30s' } }];
const common = { replicas: 5, selector: {}, template: {} };
const releases: readonly ModelOptions[] = [
  { spec: { ...common, strategy: { canary: { steps } } } },
  {
    services: ['stable', 'canary'],
    spec: {
      ...common,
      strategy: {
        canary: {
          stableService: 'stable',
          canaryService: 'canary',
          steps,
          trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'web' } } },
        },
      },
    },
  },
  {
    services: ['active', 'preview'],
    spec: {
      ...common,
      strategy: { blueGreen: { activeService: 'active', previewService: 'preview', scaleDownDelaySeconds: 30 } },
    },
  },
];

/** Every world that a first deploy and one update of these kinds pass through, pass by pass. */
function worldsOf(options: ModelOptions): readonly World[] {
  const model = modelWorld(options);
  model.settle();
  model.setTemplate('v2');
  const worlds: World[] = [];
  for (let turn = 0; turn < 12; turn += 1) {
    for (let pass = 0; pass < 4; pass += 1) {
      worlds.push(model.world());
      model.pass();
    }
    model.settle();
    worlds.push(model.world());
    model.advance(10);
  }
  return worlds;
}

interface Transition {
  readonly stored: Stored;
  readonly facts: Facts;
}

function transitionOf(world: World): Transition {
  const { restored } = restore(readStored(world.rollout));
  const situation = situate(world, restored.stored, restored.path, restored.stepIndex);
  return { stored: readStored(world.rollout), facts: observeFacts(situation) };
}

/** Processor time of one call, in microseconds. */
function cost<T>(inputs: readonly T[], call: (input: T) => unknown): number {
  const start = process.cpuUsage();
  for (let pass = 0; pass < passesPerRound; pass += 1) {
    const input = inputs[pass % inputs.length];
    if (input !== undefined) call(input);
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / passesPerRound;
}

function bare({ stored, facts }: Transition): unknown {
  const [snapshot] = initialTransition(machine, { stored });
  return transition(machine, snapshot, { type: 'OBSERVED', facts });
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const worlds = releases.flatMap(worldsOf);
const transitions = worlds.map(transitionOf);
const baseline: number[] = [];
const decisions: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  baseline.push(cost(transitions, bare));
  decisions.push(cost(worlds, (world) => decide(world)));
}
// The first rounds warm the compiler up.
const bareCost = median(baseline.slice(5));
const decideCost = median(decisions.slice(5));
const ratio = decideCost / bareCost;
const perSecond = 1e6 / decideCost;
const isMet = ratio <= goals.ratioMax && perSecond >= goals.perSecondMin;
console.log(`baseline (restore and one transition, ${worlds.length} worlds): ${bareCost.toFixed(1)} µs`);
console.log(
  `decide: ${decideCost.toFixed(1)} µs, ${ratio.toFixed(2)} x the baseline (goal ${goals.ratioMax}), ` +
    `${Math.round(perSecond)} per CPU second (goal ${goals.perSecondMin}): ${isMet ? 'met' : 'MISSED'}`,
);
if (!isMet) process.exitCode = 1;
