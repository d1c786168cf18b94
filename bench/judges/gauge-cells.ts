import { gaussian } from '../../test/analysis/judge/traffic-model.ts';
import { badCell, configured, healthyCell, type Cell } from './cell.ts';
import { service } from './error-cells.ts';
import { drawWander } from './noise.ts';
import { constantRates, stepsMax, type Scenario } from './scenario.ts';

/** Pods of one revision differ by this for good, and each wanders by this. */
const [podDeviation, wanderDeviation] = [0.05, 0.01];

/**
 * Family 5: memory that grows and processor time that is higher, beside errors that are fine. Our judge is told of the
 * gauge with a margin of 0; the other judges of gauges compare the means of each minute.
 */
export const gaugeCells: readonly Cell[] = [
  healthyCell(5, 'memory, 1 of 10 pods', gauge('growth', 1, 0)),
  healthyCell(5, 'processor time, 1 of 10 pods', gauge('level', 1, 0)),
  healthyCell(5, 'processor time, 5 of 10 pods', gauge('level', 5, 0)),
  ...[1, 5, 20].map((percent) => badCell(5, `memory +${percent} %/h, 1 of 10 pods`, gauge('growth', 1, percent / 100))),
  ...[10, 50].map((percent) =>
    badCell(5, `processor time +${percent} %, 1 of 10 pods`, gauge('level', 1, percent / 100)),
  ),
  badCell(5, 'processor time +10 %, 5 of 10 pods', gauge('level', 5, 0.1)),
];

function gauge(compare: 'level' | 'growth', canary: number, harm: number): Scenario {
  const base = service(20, 0.1 * canary, constantRates(0.001));
  return {
    ...configured(base, { gauges: [{ metric: 'process_resident_memory_bytes', compare, margin: 0 }] }),
    drawGauge(random) {
      const levels = Array.from({ length: 10 }, () => Math.exp(podDeviation * gaussian(random)));
      const wander = levels.map((_, pod) => drawWander(random.fork(`${pod}`), wanderDeviation));
      const harmAt = (step: number): number => 1 + harm * (compare === 'growth' ? step / stepsMax : 1);
      return (pod, step) => (levels[pod] ?? 1) * (wander[pod]?.[step] ?? 1) * (pod < canary ? harmAt(step) : 1);
    },
  };
}
