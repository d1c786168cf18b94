import { numberOf, recordOf } from '../../api/json-access.ts';
import { PerRollout, type Invariant } from './invariant.ts';
import { statusChange } from './written-by.ts';

/** Shares that the routes had lately, the newest last. */
type Seen = { weight: number; untilMs: number }[];

/** I20: the status claims no share that was not read from the routes. */
export function statusWeights(graceMs: number): Invariant {
  const seen = new PerRollout((): Seen => []);
  return {
    id: 'I20',
    rule: 'the status claims only shares that the routes have, or had a moment ago',
    onCommit(commit, picture) {
      if (!picture.isRouted) return undefined;
      const weights = seen.of(picture);
      remember(weights, picture.canaryWeight, picture.nowMs, graceMs);
      const change = statusChange(commit);
      if (change === undefined || !change.byController) return undefined;
      const claimed = claimOf(change.after);
      if (claimed === undefined || claimed === claimOf(change.before)) return undefined;
      const isKnown = weights.some(({ weight }) => weight === claimed);
      return isKnown ? undefined : `the status claims a share of ${claimed}; the routes say ${picture.canaryWeight}`;
    },
  };
}

function remember(weights: Seen, weight: number, nowMs: number, graceMs: number): void {
  const last = weights.at(-1);
  if (last?.weight !== weight) {
    if (last !== undefined) last.untilMs = nowMs;
    weights.push({ weight, untilMs: Infinity });
  }
  while ((weights[0]?.untilMs ?? Infinity) < nowMs - graceMs) weights.shift();
}

function claimOf(status: Readonly<Record<string, unknown>>): number | undefined {
  const weights = recordOf(recordOf(status['canary'])['weights']);
  return numberOf(recordOf(weights['canary'])['weight']);
}
