import { badCell, configured, healthyCell, type Cell } from './cell.ts';
import { service } from './error-cells.ts';
import { burstRates, drawPodFactors, drawWander, driftingRates, lateRates, wanderingRates } from './noise.ts';
import { constantRates, stepsMax, type Scenario } from './scenario.ts';

const ramp = [0.05, 0.1, 0.25, 0.5];
const clumped = { isIndependent: false };

/** Families 7 to 10 and 16: rates that move, alone or together, and errors that come in clumps. */
export const movingCells: readonly Cell[] = [
  healthyCell(7, 'ramp, .1 to 1 %', service(200, ramp, driftingRates(0.001, 0.01))),
  healthyCell(7, 'ramp, 1 to .1 %', service(200, ramp, driftingRates(0.01, 0.001))),
  badCell(7, 'ramp, .1 to 1 %, x 2', service(200, ramp, driftingRates(0.001, 0.01, 2))),
  badCell(7, 'ramp, .1 to 1 %, x 5', service(200, ramp, driftingRates(0.001, 0.01, 5))),
  healthyCell(8, '200 rps, .5 %, sd .3', service(200, 0.1, wanderingRates(0.005, 1, 0.3)), clumped),
  healthyCell(8, '20 rps, .5 %, sd .3', service(20, 0.1, wanderingRates(0.005, 1, 0.3)), clumped),
  badCell(8, '200 rps, .5 %, sd .3, x 2', service(200, 0.1, wanderingRates(0.005, 2, 0.3)), clumped),
  badCell(8, '200 rps, .5 %, sd .3, x 3', service(200, 0.1, wanderingRates(0.005, 3, 0.3)), clumped),
  healthyCell(8, '200 rps, .5 %, each pod sd .3', wanderingPods(1), clumped),
  badCell(8, '200 rps, .5 %, each pod sd .3, x 3', wanderingPods(3), clumped),
  healthyCell(9, '200 rps, .1 %, 3 min at 5 %', service(200, 0.1, burstRates(0.001, 1, 0.05))),
  badCell(9, '200 rps, .1 %, 3 min at 5 %, x 5', service(200, 0.1, burstRates(0.001, 5, 0.05))),
  badCell(9, '200 rps, .1 %, 3 min at 5 %, x 50', service(200, 0.1, burstRates(0.001, 50, 0.05))),
  ...[5, 20].map((clump) => healthyCell(10, `200 rps, .1 %, clumps of ${clump}`, clumps(clump, 0.1, 1), clumped)),
  healthyCell(10, '200 rps, 50 % share, .1 %, clumps of 5', clumps(5, 0.5, 1), clumped),
  ...[5, 20].flatMap((clump) =>
    [5, 20].map((ratio) =>
      badCell(10, `200 rps, .1 %, clumps of ${clump}, x ${ratio}`, clumps(clump, 0.1, ratio), clumped),
    ),
  ),
  badCell(16, '200 rps, .1 %, x 5 after 30 min', service(200, 0.1, lateRates(0.001, 5, stepsMax / 2 + 1))),
  badCell(16, '20 rps, .5 %, x 10 after 30 min', service(20, 0.1, lateRates(0.005, 10, stepsMax / 2 + 1))),
];

/** Each of ten pods wanders by itself. */
function wanderingPods(ratio: number): Scenario {
  return {
    ...service(200, 0.1, constantRates(0.005, ratio)),
    drawPodFactors: (random) => Array.from({ length: 10 }, (_, pod) => drawWander(random.fork(`${pod}`), 0.3)),
  };
}

function clumps(clump: number, share: number, ratio: number): Scenario {
  return { ...service(200, share, constantRates(0.001, ratio)), clump };
}

const warmUp = { warmup: '3m' };
const noScrapes = Array.from({ length: 20 }, (_, index) => 101 + index);
const lossy = { scrapes: { lost: 0.2, gap: noScrapes } };

/** Families 11 to 15: starts, readings that are missing, restarts, and pods that differ. */
export const podCells: readonly Cell[] = [
  healthyCell(11, 'canary 3 x in 3 min, warm-up declared', configured(service(200, 0.1, coldRates(1, false)), warmUp)),
  healthyCell(11, 'both 3 x in 3 min', service(200, 0.1, coldRates(1, true))),
  badCell(11, 'x 3 for good, warm-up declared', configured(service(200, 0.1, coldRates(3, false)), warmUp)),
  healthyCell(12, '200 rps, .1 %', { ...service(200, 0.1, constantRates(0.001)), ...lossy }),
  badCell(12, '200 rps, .1 %, x 5', { ...service(200, 0.1, constantRates(0.001, 5)), ...lossy }),
  healthyCell(13, 'both restart twice an hour', restarting(2, 2, 1)),
  badCell(13, 'canary restarts 40 times an hour', restarting(40, 0.2, 1)),
  badCell(13, 'both restart twice an hour, x 5', restarting(2, 2, 5)),
  healthyCell(14, '200 rps, .5 %', classes(1), clumped),
  badCell(14, '200 rps, .5 %, x 3', classes(3), clumped),
  healthyCell(15, '1 of 10 pods, sd .2', differing(0.2), clumped),
  healthyCell(15, '1 of 10 pods, sd .5', differing(0.5), clumped),
  healthyCell(15, '10 of 20 pods', onePod(10, 10, 1)),
  ...[20, 100].map((ratio) => badCell(15, `1 of 10 canary pods x ${ratio}`, onePod(10, 10, ratio))),
  badCell(15, '1 of 50 canary pods x 100', onePod(50, 10, 100), { runsMax: 1000 }),
];

/** Three times the errors in the first three minutes, of the canary alone or of both; afterwards times `ratio`. */
function coldRates(ratio: number, both: boolean): Scenario['drawRates'] {
  const stable = 0.001;
  return () => (step) => {
    const cold = step <= 12 ? 3 : 1;
    const base = both ? stable * cold : stable;
    return { canary: stable * Math.max(ratio, cold), stable: base, harm: stable * (ratio - 1) };
  };
}

function restarting(canaryPerHour: number, stablePerHour: number, ratio: number): Scenario {
  return { ...service(200, 0.1, constantRates(0.001, ratio)), restarts: { canaryPerHour, stablePerHour } };
}

/** Half of the pods run on hardware with 1.5 times the errors; where the canary's pod runs is luck. */
function classes(ratio: number): Scenario {
  const base = service(200, 0.1, constantRates(0.005, ratio));
  return { ...base, drawPodFactors: (random) => Array.from({ length: 10 }, () => (random.next() < 0.5 ? 1.5 : 1)) };
}

/** One canary pod among ten that differ from the start. */
function differing(deviation: number): Scenario {
  return { ...service(200, 0.1, constantRates(0.005)), drawPodFactors: drawPodFactors(10, deviation) };
}

function onePod(canary: number, stable: number, ratio: number): Scenario {
  const base = { ...service(200, 0.5, constantRates(0.001)), pods: { canary, stable } };
  return ratio === 1 ? base : { ...base, badPods: { count: 1, ratio } };
}
