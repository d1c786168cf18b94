import { seededRandom, type Random } from '../../base/random.ts';
import { parseScenario } from '../scenario/parse-scenario.ts';
import { playScenario, type Performance } from '../scenario/play-scenario.ts';
import type { SimulatedWorld } from '../simulated-world.ts';
import { holdMsMax, randomFaults, randomMix, type FaultMix } from './random-faults.ts';
import { healSeconds, randomScenario } from './random-scenario.ts';

/** A run that follows from its seed alone. */
export interface SeedRun {
  readonly seed: number;
  /** What was done in it, as a scenario. */
  readonly text: string;
  readonly mix: FaultMix;
  readonly outcome: Performance;
}

/**
 * A controller that is cut off does what it must later: it waits up to half a minute between attempts. A pause begins
 * when it is decided on, and is stored a little later.
 */
const strictness = { graceMs: holdMsMax + 4000, reactionMs: 90_000, clockMs: holdMsMax + 1000, writesMax: 400 };

/**
 * Plays the life that follows from a seed, with its faults; then everything is put right, and the last revision must
 * become stable.
 */
export async function simulateSeed(seed: number): Promise<SeedRun> {
  const random = seededRandom(seed);
  const text = randomScenario(random.fork('scenario'));
  const mix = randomMix(random.fork('mix'));
  const delayMsMax = randomDelayMsMax(random.fork('delay'));
  const jumps = random.fork('jumps');
  const skew = (): number => jumps.integer(-mix.skewMsMax, mix.skewMsMax);
  let world: SimulatedWorld | undefined;
  const isOn = (): boolean => world !== undefined && world.time.nowMs < healSeconds * 1000;
  const played = await playScenario(parseScenario(text, `seed ${seed}`, '.'), {
    seed,
    faults: randomFaults(mix, random.fork('faults'), isOn, (type, query, ageMs) =>
      world?.lists.at(type, query, world.time.nowMs - ageMs),
    ),
    skewMs: () => (isOn() ? skew() : 0),
    routeDelayMs: (delays) => (isOn() ? delays.integer(0, delayMsMax) : 500),
    strictness: {
      ...strictness,
      reactionMs: strictness.reactionMs + delayMsMax,
      clockMs: strictness.clockMs + 2 * mix.skewMsMax,
      skewMs: 2 * mix.skewMsMax,
    },
    countsDelayMs: random.fork('counts').integer(0, 1) * 1000,
    onWorld: (made) => {
      world = made;
      if (mix.skewMsMax > 0) jumpAtTimes(made, jumps, skew);
    },
  });
  return { seed, text, mix, outcome: played };
}

/** Proxies hear of a route within some seconds; in some worlds it takes them up to two minutes. */
function randomDelayMsMax(random: Random): number {
  return random.integer(0, random.next() < 0.1 ? 120_000 : 5000);
}

/** The wall clock of the controller is put right, or wrong, now and then; in the end it is right. */
function jumpAtTimes(world: SimulatedWorld, random: Random, skew: () => number): void {
  const jump = (atMs: number, skewMs: () => number): void => {
    world.time.at(atMs, () => {
      if (world.controllerProcess !== undefined) world.controllerProcess.clock.skewMs = skewMs();
    });
  };
  for (let count = random.integer(1, 4); count > 0; count -= 1) jump(random.integer(1, healSeconds * 1000 - 1), skew);
  jump(healSeconds * 1000, () => 0);
}
