import type { Invariant } from './invariant.ts';
import { selectorChange } from './written-by.ts';

/** I21: users of one revision are not handed to another by a Service that is turned under them. */
export function supersede(): Invariant {
  return {
    id: 'I21',
    rule: 'a side has no traffic, in routes and proxies, when its Service moves to another revision',
    onCommit(commit, picture) {
      const change = selectorChange(commit);
      if (change === undefined || !picture.isRouted || change.from === '' || change.to === '') return undefined;
      // A Service that leads to nobody serves nobody.
      if ((picture.setOf(change.from)?.available ?? 0) === 0) return undefined;
      const isCanary = change.service === picture.canaryService;
      const stored = isCanary ? picture.canaryWeight : picture.weightMax - picture.canaryWeight;
      const proxied = isCanary ? picture.proxiedCanaryWeight : picture.proxiedStableWeight;
      const share = Math.max(stored, proxied);
      return share === 0
        ? undefined
        : `${change.service} moves from ${change.from} to ${change.to} with a share of ${share}`;
    },
  };
}
