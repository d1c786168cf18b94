import { numberOf } from '../../api/json-access.ts';
import type { Invariant } from './invariant.ts';
import { weightChange } from './written-by.ts';

/** I02: what the controller writes into a route is complete and sums up. */
export function wholeWeights(): Invariant {
  return {
    id: 'I02',
    rule: 'weights are whole numbers from 0, are written, and sum to the maximum in every managed rule',
    onCommit(commit, picture) {
      const change = weightChange(commit, picture);
      for (const { canary, stable, additional } of change?.after.splits ?? []) {
        const [left, right] = [numberOf(canary), numberOf(stable)];
        const isWhole = [left, right].every(
          (weight) => weight !== undefined && Number.isInteger(weight) && weight >= 0,
        );
        if (isWhole && (left ?? 0) + (right ?? 0) + additional === picture.weightMax) continue;
        const others = additional === 0 ? '' : `, and Experiments ${additional}`;
        return `canary ${String(canary)} and stable ${String(stable)}${others} do not sum to ${picture.weightMax}`;
      }
      return undefined;
    },
  };
}
