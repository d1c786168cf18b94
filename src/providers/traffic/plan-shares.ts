import type { TrafficDestination, TrafficPlan } from '../../api/traffic.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { RouterProblem } from './contract.ts';

/** A plan's weights, by the part that each destination plays. */
export interface PlanShares {
  readonly stable: TrafficDestination;
  readonly canary: TrafficDestination;
  readonly additional: readonly TrafficDestination[];
  readonly keepsWeights: boolean;
  readonly keepsHashes: boolean;
}

/**
 * Sorts out the destinations of a plan. Refuses one without exactly one stable and one canary side, and weights that
 * are not whole numbers from 0 that sum to `weightMax`: nothing of it may reach a router.
 */
export function planShares({ destinations, weightMax, keep = {} }: TrafficPlan): Result<PlanShares, RouterProblem> {
  const refuse = (message: string): Result<never, RouterProblem> => fail({ subject: 'weights', message });
  const [stable, ...moreStable] = destinations.filter(({ role }) => role === 'stable');
  const [canary, ...moreCanary] = destinations.filter(({ role }) => role === 'canary');
  if (stable === undefined || canary === undefined || moreStable.length + moreCanary.length > 0) {
    return refuse('traffic needs exactly one stable and one canary side');
  }
  const { weights: keepsWeights = false, hashes: keepsHashes = false } = keep;
  const weights = destinations.map(({ weight }) => weight);
  const areWhole = weights.every((weight) => Number.isInteger(weight) && weight >= 0);
  if (!keepsWeights && !(areWhole && weights.reduce((sum, weight) => sum + weight, 0) === weightMax)) {
    return refuse(`${weights.join(', ')} are not whole numbers from 0 that sum to ${weightMax}`);
  }
  const additional = destinations.filter(({ role }) => role === 'additional');
  return succeed({ stable, canary, additional, keepsWeights, keepsHashes });
}
