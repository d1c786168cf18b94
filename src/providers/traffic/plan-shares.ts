import type { TrafficDestination, TrafficPlan } from '../../api/traffic.ts';
import { invariant } from '../../base/invariant.ts';

/** A plan's weights, by the part that each destination plays. */
export interface PlanShares {
  readonly stable: TrafficDestination;
  readonly canary: TrafficDestination;
  readonly additional: readonly TrafficDestination[];
}

/**
 * Sorts out the destinations of a plan. The engine promises exactly one stable and one canary side, and whole weights
 * that sum to `weightMax`; a plan that breaks the promise is a bug of ours and never reaches a router.
 */
export function planShares({ destinations, weightMax }: TrafficPlan): PlanShares {
  const [stable, ...moreStable] = destinations.filter(({ role }) => role === 'stable');
  const [canary, ...moreCanary] = destinations.filter(({ role }) => role === 'canary');
  invariant(stable !== undefined && moreStable.length === 0, 'a plan has one stable destination');
  invariant(canary !== undefined && moreCanary.length === 0, 'a plan has one canary destination');
  invariant(
    destinations.every(({ weight }) => Number.isInteger(weight) && weight >= 0),
    'weights of a plan are whole numbers from 0',
  );
  invariant(
    destinations.reduce((sum, { weight }) => sum + weight, 0) === weightMax,
    'weights of a plan sum to its maximum',
  );
  return { stable, canary, additional: destinations.filter(({ role }) => role === 'additional') };
}
