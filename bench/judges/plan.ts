import { calibratedCells, calibratedJudges, type Limits } from './calibration.ts';
import { errorCells } from './error-cells.ts';
import { gaugeCells } from './gauge-cells.ts';
import type { Judge } from './judge.ts';
import { latencyCells } from './latency-cells.ts';
import { judgesOf, referenceJudges } from './line-up.ts';
import { movingCells, podCells } from './noise-cells.ts';
import { referenceCells } from './reproduction.ts';
import type { Scenario } from './scenario.ts';

/** All cells of the families. */
export const familyCells = [...errorCells, ...latencyCells, ...gaugeCells, ...movingCells, ...podCells];

/** One cell with the judges that play it: what is computed, whatever it is reported as. */
export interface Job {
  readonly id: string;
  readonly scenario: Scenario;
  readonly runsMax: number;
  readonly judges: (limitsOf: (twin: string) => Limits) => readonly Judge[];
}

/** Everything that the full benchmark plays. */
export const jobs: readonly Job[] = [
  ...referenceCells.map((cell) => job(cell.id, cell.scenario, () => referenceJudges(cell))),
  ...familyCells.map((cell) => job(cell.id, cell.scenario, () => judgesOf(cell), cell.runsMax)),
  ...calibratedCells.map((cell) => job(cell.id, cell.scenario, (limitsOf) => calibratedJudges(limitsOf(cell.twin)))),
];

function job(id: string, scenario: Scenario, judges: Job['judges'], runsMax = Infinity): Job {
  return { id, scenario, judges, runsMax };
}
