/** Width at which the search ends: R's `uniroot` as `wilcox.test` calls it, and Kayenta after it. */
const tolerance = 1e-4;
const roundsMax = 1000;

interface Point {
  readonly at: number;
  readonly value: number;
}

/**
 * Where a falling function changes its sign between `low` and `high`, as Brent's method finds it (Brent, "Algorithms
 * for minimization without derivatives", 1973, chapter 4): inverse interpolation where it helps, halving where not.
 * On a step function the answer is near the step, on a side that depends on the search, and that decides some
 * verdicts of Kayenta; so the choices here are those of R's version of the method.
 */
export function findZero(f: (at: number) => number, low: number, high: number): number {
  let before: Point = { at: low, value: f(low) };
  let best: Point = { at: high, value: f(high) };
  if (before.value === 0) return low;
  if (best.value === 0) return high;
  // The zero lies between `best` and `opposite`, whose values have different signs.
  let opposite = before;
  for (let round = 0; round <= roundsMax; round += 1) {
    const lastStep = best.at - before.at;
    if (Math.abs(opposite.value) < Math.abs(best.value)) [before, best, opposite] = [best, opposite, best];
    const smallest = 2 * Number.EPSILON * Math.abs(best.at) + tolerance / 2;
    const half = (opposite.at - best.at) / 2;
    if (Math.abs(half) <= smallest || best.value === 0) return best.at;
    const at = best.at + nextStep({ before, best, opposite, lastStep, half, smallest });
    before = best;
    best = { at, value: f(at) };
    if (best.value * opposite.value > 0) opposite = before;
  }
  return best.at;
}

interface Search {
  readonly before: Point;
  readonly best: Point;
  readonly opposite: Point;
  readonly lastStep: number;
  readonly half: number;
  readonly smallest: number;
}

function nextStep(search: Search): number {
  const { lastStep, half, smallest } = search;
  const step = Math.abs(lastStep) >= smallest ? (interpolate(search) ?? half) : half;
  if (Math.abs(step) >= smallest) return step;
  return step > 0 ? smallest : -smallest;
}

/**
 * The step that interpolation suggests, unless it leaves the safe part of the bracket or hardly shrinks the last one.
 */
function interpolate({ before, best, opposite, lastStep, smallest }: Search): number | undefined {
  if (Math.abs(before.value) <= Math.abs(best.value)) return undefined;
  const width = opposite.at - best.at;
  const toBefore = best.value / before.value;
  let [numerator, denominator] = [width * toBefore, 1 - toBefore];
  if (before.at !== opposite.at) {
    const ratio = before.value / opposite.value;
    const toOpposite = best.value / opposite.value;
    numerator = toBefore * (width * ratio * (ratio - toOpposite) - (best.at - before.at) * (toOpposite - 1));
    denominator = (ratio - 1) * (toOpposite - 1) * (toBefore - 1);
  }
  if (numerator > 0) denominator = -denominator;
  else numerator = -numerator;
  const isSafe =
    numerator < 0.75 * width * denominator - Math.abs(smallest * denominator) / 2 &&
    numerator < Math.abs((lastStep * denominator) / 2);
  return isSafe ? numerator / denominator : undefined;
}
