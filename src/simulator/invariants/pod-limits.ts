import type { Invariant } from './invariant.ts';
import { sizeChange } from './written-by.ts';

/** I06: a canary without a router stays within maxSurge, and counts are counts. */
export function podLimits(): Invariant {
  return {
    id: 'I06',
    rule: 'a canary without a router has at most spec.replicas + maxSurge pods; no count is negative or too large',
    onCommit(commit, picture) {
      const size = sizeChange(commit);
      if (size === undefined) return undefined;
      if (!Number.isInteger(size.to) || size.to < 0 || size.to > 2 ** 31 - 1) return `${size.to} is no number of pods`;
      if (size.to < size.from || picture.isRouted || picture.blueGreen !== undefined) return undefined;
      const pods = picture.sets.reduce((sum, { replicas }) => sum + replicas, 0);
      const most = picture.replicasLately.most + picture.maxSurge;
      return pods <= most ? undefined : `${pods} pods are wanted in all; at most ${most} are allowed`;
    },
  };
}
