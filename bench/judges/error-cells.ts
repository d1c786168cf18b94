import { badCell, healthyCell, type Cell } from './cell.ts';
import { constantRates, plain, podsFor, type Scenario } from './scenario.ts';

const ramp = [0.05, 0.1, 0.25, 0.5];

/** Families 1, 2 and 6: constant rates, from plenty of traffic to nearly none; and canaries that answer only badly. */
export const errorCells: readonly Cell[] = [
  ...[0.0001, 0.001, 0.005, 0.009].map((stable) => healthy(1, 200, 0.1, stable)),
  healthy(1, 20, 0.1, 0.005),
  healthy(1, 200, 0.01, 0.001),
  healthy(1, 200, 0.5, 0.001),
  healthy(1, 20, 0.5, 0.001),
  healthy(1, 200, ramp, 0.001),
  ...[2, 3, 5, 10, 50].map((ratio) => bad(1, 200, 0.1, 0.001, ratio)),
  ...[2, 3, 10].map((ratio) => bad(1, 200, 0.1, 0.005, ratio)),
  bad(1, 200, 0.1, 0.0001, 10),
  bad(1, 200, 0.1, 0.0001, 50),
  ...[3, 10].map((ratio) => bad(1, 20, 0.1, 0.005, ratio)),
  bad(1, 200, 0.01, 0.001, 10),
  bad(1, 200, 0.5, 0.001, 2),
  bad(1, 200, 0.5, 0.001, 5),
  bad(1, 200, ramp, 0.001, 5),
  onlyBad(20, 0.1),
  onlyBad(20, 0.5),
  onlyBad(20, 0.75),
  bad(2, 200, 0.1, 0.001, 1.2),
  bad(2, 200, 0.1, 0.001, 1.5),
  bad(2, 200, 0.1, 0.005, 1.2),
  bad(2, 200, 0.1, 0.005, 1.5),
  healthy(6, 0.5, 0.1, 0.01),
  healthy(6, 2, 0.1, 0.005),
  ...[5, 20, 100].map((ratio) => bad(6, 0.5, 0.1, 0.01, ratio)),
  ...[10, 40, 200].map((ratio) => bad(6, 2, 0.1, 0.005, ratio)),
];

/** A service of ten pods in which errors are independent. */
export function service(rps: number, share: number | readonly number[], drawRates: Scenario['drawRates']): Scenario {
  return { ...plain(rps, share, drawRates), pods: podsFor(share) };
}

function healthy(family: number, rps: number, share: number | readonly number[], stable: number): Cell {
  return healthyCell(family, describe(rps, share, stable), service(rps, share, constantRates(stable)), {
    harm: { stableRatio: stable, ratio: 1 },
  });
}

function bad(family: number, rps: number, share: number | readonly number[], stable: number, ratio: number): Cell {
  const name = `${describe(rps, share, stable)} x ${ratio}`;
  return badCell(family, name, service(rps, share, constantRates(stable, ratio)), {
    harm: { stableRatio: stable, ratio },
  });
}

function onlyBad(rps: number, share: number): Cell {
  const scenario = service(rps, share, () => () => ({ canary: 1, stable: 0.001, harm: 0.999 }));
  return badCell(1, `${rps} rps, ${percent(share)} share, only bad answers`, scenario);
}

/** The traffic of a cell in words. */
export function describe(rps: number, share: number | readonly number[], stable: number): string {
  const shares = typeof share === 'number' ? `${percent(share)} share` : 'ramp';
  return `${rps} rps, ${shares}, ${percent(stable)}`;
}

function percent(ratio: number): string {
  return `${Number((100 * ratio).toPrecision(3))} %`;
}
