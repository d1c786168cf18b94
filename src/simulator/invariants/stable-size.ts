import type { Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { sizeChange } from './written-by.ts';

/** I07: stable can carry the share that proxies still give it. */
export function stableSize(): Invariant {
  return {
    id: 'I07',
    rule: 'stable keeps the pods for the share that proxies give it; all of them without dynamicStableScale',
    onCommit(commit, picture) {
      const size = sizeChange(commit);
      if (size === undefined || size.to >= size.from || size.hash !== picture.stableHash) return undefined;
      if (!picture.isRouted && picture.blueGreen === undefined) return undefined;
      const needed = neededPods(picture);
      return size.to >= needed ? undefined : `stable is scaled down to ${size.to}; it needs ${needed}`;
    },
  };
}

function neededPods(picture: RolloutPicture): number {
  const { least } = picture.replicasLately;
  if (!picture.isDynamic) return least;
  return Math.ceil((picture.proxiedWeightOf(picture.stableHash) / picture.weightMax) * least);
}
