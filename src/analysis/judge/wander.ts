import { addIncrements, emptyIncrement, type Increment } from './sequential-test.ts';

/**
 * How a whole side wanders over minutes: caches, neighbours and the mix of requests move the bad ratio of all pods of
 * one side together, so that no comparison of pods shows it. Only time does. The counts are joined to blocks of at
 * least a minute and five stable bad events, and of the blocks sums are kept. Numbers only, so that it survives JSON.
 */
export interface Wander {
  /** Variance that was known before these blocks, relative to the mean; 0 when none was. */
  readonly known: number;
  /** Variance that what was known before leaves possible at the most; `unknownVariance` when nothing was known. */
  readonly knownMax: number;
  /** The block under way, and its looks. */
  readonly block: Increment;
  readonly blockLooks: number;
  readonly blocks: number;
  /** Sums over the blocks. */
  readonly totals: Increment;
  readonly products: BlockProducts;
}

/** Sums over blocks of c canary requests with x bad, and s stable ones with y bad. */
interface BlockProducts {
  /** Of y²/s. */
  readonly squares: number;
  /** Of c y²/s², c y/s, c/s and x y/s: what each side's movement is worked out of, weighted by c. */
  readonly weightedSquares: number;
  readonly weightedRates: number;
  readonly weightedNoise: number;
  readonly both: number;
}

/** A side that doubles and halves: more than any service moves by itself. */
export const unknownVariance = 1;

/** Before any observation. */
export const initialWander: Wander = {
  known: 0,
  knownMax: unknownVariance,
  block: emptyIncrement,
  blockLooks: 0,
  blocks: 0,
  totals: emptyIncrement,
  products: { squares: 0, weightedSquares: 0, weightedRates: 0, weightedNoise: 0, both: 0 },
};

/** A minute at a look every 15 s. */
const blockLooksMin = 4;
/** Bad events that a block has at least; chi-square is far from its law with fewer. */
const blockBadMin = 5;
const blocksMin = 3;
/** Blocks after which these alone count, and not what was known before. */
const blocksTrusted = 20;
/** Blocks after which a side that did not move is known to be calm: movements last for ten minutes. */
const blocksCalm = 40;
/** Standard deviations above its mean from which on chi-square counts as movement. */
const deviationsMin = 2.5;
/** Part of stable's movement that the canary shares from which on all of it is taken as shared. */
const sharedPart = 0.7;
/** Standard deviations of the ratio of two such sides that the margin covers. */
const deviations = 4;
/** The margin is not widened beyond this: gross harm must be found however restless a service is. */
const ratioLimit = 5;

/** Takes the counts of one look in. `looksPerOnset` is how many looks a quarter of a minute has. */
export function watchWander(before: Wander, increment: Increment, looksPerOnset: number): Wander {
  const block = addIncrements(before.block, increment);
  const blockLooks = before.blockLooks + 1;
  const { canaryTotal: c, canaryBad: x, stableTotal: s, stableBad: y } = block;
  const isWhole = blockLooks >= blockLooksMin * looksPerOnset && y >= blockBadMin;
  if (!isWhole) return { ...before, block, blockLooks };
  const { squares, weightedSquares, weightedRates, weightedNoise, both } = before.products;
  return {
    ...before,
    block: emptyIncrement,
    blockLooks: 0,
    blocks: before.blocks + 1,
    totals: addIncrements(before.totals, block),
    products: {
      squares: squares + y ** 2 / s,
      weightedSquares: weightedSquares + (c * y ** 2) / s ** 2,
      weightedRates: weightedRates + (c * y) / s,
      weightedNoise: weightedNoise + c / s,
      both: both + (x * y) / s,
    },
  };
}

/**
 * Variance over time of stable's bad ratio, relative to its mean, beyond chance; 0 when chance explains it, or when the
 * canary moved along: what both sides share (bursts, a ramp of the load) does not change their ratio.
 *
 * With n blocks chi-square has a mean of (n-1) d + Y v (1-1/n) for Y bad events with dispersion d = `clumping` and
 * variance v (moments, as in `podSpread`). What is shared is the covariance of the sides' relative movements over
 * stable's variance, both weighted by the canary's requests.
 */
export function wanderVariance(wander: Wander, clumping: number): number {
  const { found } = movementOf(wander, Math.max(1, clumping));
  return wander.blocks < blocksTrusted ? Math.max(wander.known, found) : found;
}

/**
 * The largest such variance that fits what was seen, shared movements included: a calm service cannot be above it.
 * `unknownVariance` while too little is known.
 */
export function largestVariance(wander: Wander, clumping: number): number {
  const { isMoving, possible } = movementOf(wander, Math.max(1, clumping));
  if (wander.blocks >= blocksCalm) return Math.min(possible, unknownVariance / 2);
  return isMoving ? unknownVariance : wander.knownMax;
}

/** What is worth keeping for the next observation of the same service. */
export function carryWander(wander: Wander, clumping: number): Wander {
  return {
    ...initialWander,
    known: wanderVariance(wander, clumping),
    knownMax: largestVariance(wander, clumping),
  };
}

interface Movement {
  /** Chance does not explain how the blocks differ. */
  readonly isMoving: boolean;
  /** Variance of stable's own movement. */
  readonly found: number;
  /** The largest variance that fits, whatever explains it. */
  readonly possible: number;
}

function movementOf({ blocks, totals, products }: Wander, clumping: number): Movement {
  const { stableTotal, stableBad } = totals;
  const degrees = blocks - 1;
  if (blocks < blocksMin || stableBad <= 0) return { isMoving: false, found: 0, possible: unknownVariance };
  const chiSquare = (products.squares * stableTotal) / stableBad - stableBad;
  const margin = deviationsMin * Math.sqrt(2 * degrees);
  const variance = (deviationsAbove: number): number =>
    Math.max(0, (chiSquare - (degrees - deviationsAbove) * clumping) / (stableBad * (1 - 1 / blocks)));
  const isMoving = chiSquare / clumping > degrees + margin;
  const isOwn = isMoving && !isShared(totals, products, clumping);
  return { isMoving, found: isOwn ? variance(0) : 0, possible: variance(margin) };
}

function isShared({ canaryTotal, canaryBad }: Increment, products: BlockProducts, clumping: number): boolean {
  // Without a canary nobody can tell.
  if (canaryTotal <= 0) return true;
  if (canaryBad <= 0) return false;
  const { weightedSquares, weightedRates, weightedNoise, both } = products;
  const mean = weightedRates / canaryTotal;
  const own = weightedSquares / mean ** 2 - canaryTotal - (clumping * weightedNoise) / mean;
  const shared = (both * canaryTotal) / (mean * canaryBad) - canaryTotal;
  return shared > sharedPart * own;
}

/** The margin when both sides wander by so much: a ratio of two log-normal sides is below it nearly always. */
export function wanderRatio(ratio: number, variance: number): number {
  if (variance <= 0) return ratio;
  return Math.max(ratio, Math.min(ratioLimit, Math.exp(deviations * Math.sqrt(Math.log1p(2 * variance)))));
}
