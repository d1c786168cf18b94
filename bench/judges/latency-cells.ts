import { badCell, configured, healthyCell, type Cell } from './cell.ts';
import { service } from './error-cells.ts';
import { normalTail } from './normal-tail.ts';
import { constantRates, stepsMax, type Scenario } from './scenario.ts';

/**
 * Latencies are log-normal with a median of 100 ms and sigma .6; the objective is that p99 stays below 500 ms. A
 * request that took longer than that boundary is a bad event: p99 as a histogram interpolates it is above the
 * boundary exactly when more than 1 % are. So judges of errors judge latencies too, by the ratio of slow requests.
 */
const boundary = 0.5;
const [median, sigma] = [0.1, 0.6];

const fine = { harm: { stableRatio: slower(1), ratio: 1 } };

/** Families 3 and 4. */
export const latencyCells: readonly Cell[] = [
  healthyCell(
    3,
    '50 rps',
    slow(() => constantRates(slower(1))),
  ),
  healthyCell(
    3,
    '50 rps, both drift to x 1.4',
    slow(() => drift(1.4)),
  ),
  bad(3, '.5 % take 1 s more', 0.995 * slower(1) + 0.005 * slowerBy(1)),
  bad(3, '2 % take 1 s more', 0.98 * slower(1) + 0.02 * slowerBy(1)),
  bad(3, '5 % take 4 times as long', 0.95 * slower(1) + 0.05 * slower(4)),
  healthyCell(4, '200 rps', { ...slow(() => constantRates(slower(1))), rps: 200 }, fine),
  ...[1.1, 1.25, 2].map((factor) => bad(4, `all take ${factor} times as long`, slower(factor))),
];

function bad(family: number, name: string, ratio: number): Cell {
  const harm = { stableRatio: slower(1), ratio: ratio / slower(1) };
  return badCell(
    family,
    `50 rps, ${name}`,
    slow(() => constantRates(harm.stableRatio, harm.ratio)),
    { harm },
  );
}

function slow(rates: () => Scenario['drawRates']): Scenario {
  return {
    ...configured(service(50, 0.1, rates()), { latency: { boundarySeconds: boundary } }),
    badEvent: 'latency',
  };
}

/** Part of the requests over the boundary when all take `factor` times as long. */
function slower(factor: number): number {
  return normalTail(Math.log(boundary / (median * factor)) / sigma);
}

/** Part over the boundary when each takes an exponential time with this mean more. */
function slowerBy(meanSeconds: number): number {
  const [steps, width] = [2000, 0.008];
  let [inside, all] = [0, 0];
  for (let index = -steps / 2; index <= steps / 2; index += 1) {
    const z = index * width;
    const weight = Math.exp((-z * z) / 2);
    const left = Math.max(0, boundary - median * Math.exp(sigma * z));
    inside += weight * Math.exp(-left / meanSeconds);
    all += weight;
  }
  return inside / all;
}

function drift(factor: number): Scenario['drawRates'] {
  return () => (step) => {
    const stable = slower(factor ** ((step - 1) / (stepsMax - 1)));
    return { canary: stable, stable, harm: 0 };
  };
}
