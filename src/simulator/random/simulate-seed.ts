import { seededRandom } from '../../base/random.ts';
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
  const delayMsMax = random.fork('delay').integer(0, 5000);
  let world: SimulatedWorld | undefined;
  const isOn = (): boolean => world !== undefined && world.time.nowMs < healSeconds * 1000;
  const played = await playScenario(parseScenario(text, `seed ${seed}`, '.'), {
    seed,
    faults: randomFaults(mix, random.fork('faults'), isOn),
    routeDelayMs: (delays) => (isOn() ? delays.integer(0, delayMsMax) : 500),
    strictness,
    countsDelayMs: random.fork('counts').integer(0, 1) * 1000,
    onWorld: (made) => {
      world = made;
    },
  });
  return { seed, text, mix, outcome: played };
}
