import type { Invariant } from './invariant.ts';
import { isPodServing } from './pod-losses.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { hashOf, sizeChange } from './written-by.ts';

/** I09: there is always something to go back to. */
export function stableKept(): Invariant {
  return {
    id: 'I09',
    rule: 'stable is never deleted or emptied, no emptying leaves nothing complete, and deletes say what they mean',
    onCommit(commit, picture) {
      if (commit.kind === 'ReplicaSet' && commit.writer === 'sluice' && commit.type === 'DELETED') {
        return hashOf(commit.object) === picture.stableHash ? 'the stable ReplicaSet is deleted' : undefined;
      }
      const size = sizeChange(commit);
      if (size?.to !== 0 || picture.replicasLately.least === 0) return undefined;
      if (size.hash === picture.stableHash && !mayEmptyStable(picture)) return 'the stable ReplicaSet is emptied';
      return leavesNothing(picture, size.uid)
        ? `${size.hash} is emptied, and no complete ReplicaSet is left`
        : undefined;
    },
    onSend({ verb, type, name, uid, resourceVersion }) {
      if (verb !== 'delete' || type.kind !== 'ReplicaSet') return undefined;
      const isExact = uid !== undefined && resourceVersion !== undefined;
      return isExact ? undefined : `the deletion of ${name} lacks ${uid === undefined ? 'a uid' : 'a resourceVersion'}`;
    },
  };
}

/** Without a router the last step takes stable's pods away; with dynamicStableScale traffic has left them. */
function mayEmptyStable(picture: RolloutPicture): boolean {
  if (picture.blueGreen !== undefined) return false;
  return !picture.isRouted || (picture.isDynamic && picture.proxiedWeightOf(picture.stableHash) === 0);
}

/**
 * The revision that was emptied could have carried everybody, and none that is left can. Without a router, and with
 * dynamicStableScale, several may carry the users together.
 */
function leavesNothing(picture: RolloutPicture, uid: string): boolean {
  const { sets, scene, isRouted, isDynamic, blueGreen } = picture;
  const least = picture.replicasLately.least - picture.maxUnavailable;
  const needed = Math.max(1, least);
  const serving = [...scene.ledger.ownedBy('Pod', uid)].filter(isPodServing).length;
  if (serving < needed) return false;
  if (blueGreen !== undefined || (isRouted && !isDynamic)) return !sets.some(({ available }) => available >= needed);
  return sets.reduce((sum, { available }) => sum + available, 0) < least;
}
