import type { Commit } from '../ledger.ts';
import type { Invariant } from './invariant.ts';
import { isPodServing, readySince } from './pod-losses.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { sizeChange } from './written-by.ts';

/** I05: whatever the controller takes away, enough available pods remain. */
export function availability(): Invariant {
  return {
    id: 'I05',
    rule: 'after every act that takes pods away, spec.replicas - maxUnavailable are available in all',
    onCommit(commit, picture) {
      if (!takesAway(commit, picture)) return undefined;
      const available = picture.sets.reduce((sum, set) => sum + set.available, 0);
      const needed = picture.replicasLately.least - allowance(commit, picture);
      return available >= needed ? undefined : `${available} pods are left available; ${needed} are needed`;
    },
  };
}

/** A restart may always take one pod at a time, else it could never be done. */
function allowance({ kind }: Commit, picture: RolloutPicture): number {
  return kind === 'Pod' ? Math.max(1, picture.maxUnavailable) : picture.maxUnavailable;
}

function takesAway(commit: Commit, picture: RolloutPicture): boolean {
  const { kind, writer, previous, type } = commit;
  if (kind === 'Pod') return writer === 'sluice' && previous !== undefined && isPodServing(previous);
  const size = sizeChange(commit);
  if (size !== undefined && size.to < size.from) {
    // Pods that do not answer may go at any time, and nobody could know of one that answers since this moment.
    const sentMs = commit.call?.atMs ?? Infinity;
    const pods = [...picture.scene.ledger.ownedBy('Pod', size.uid)].filter(isPodServing);
    return pods.filter((pod) => (readySince(pod) ?? Infinity) < sentMs).length > size.to;
  }
  return kind === 'ReplicaSet' && writer === 'sluice' && type === 'DELETED';
}
