import { listOf, numberOf, recordOf, textOf } from '../../api/json-access.ts';
import type { Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';

/** L1: what is wanted comes about, and stays. */
export function comesToRest(): Invariant {
  return {
    id: 'L1',
    rule: 'once nothing is asked for any more, a Rollout is healthy, waits for a person or says what is wrong',
    onEnd(picture) {
      const phase = textOf(picture.status['phase']);
      if (phase === 'Progressing') return `it still says "${textOf(picture.status['message'])}"`;
      if (phase === 'Paused' && !waitsForPerson(picture)) return 'it is paused, but not for a person';
      return phase === 'Healthy' ? unlike(picture) : undefined;
    },
  };
}

function waitsForPerson({ spec, status }: RolloutPicture): boolean {
  return spec['paused'] === true || listOf(status['pauseConditions']).length > 0;
}

/** Healthy means that everything is as it is wanted. */
function unlike(picture: RolloutPicture): string | undefined {
  const { currentHash, stableHash, replicas, sets } = picture;
  if (currentHash !== stableHash) return `it is healthy, but ${currentHash} is not stable`;
  const available = picture.setOf(stableHash)?.available ?? 0;
  if (available !== replicas) return `it is healthy with ${available} of ${replicas} pods`;
  const others = sets.filter((set) => set.hash !== stableHash && set.replicas > 0 && set.deadlineMs === undefined);
  if (others.length > 0) return `it is healthy, but ${others.map(({ hash }) => hash).join(', ')} still have pods`;
  if (!picture.isRouted || replicas === 0) return undefined;
  const weights = recordOf(recordOf(picture.status['canary'])['weights']);
  const claimed = numberOf(recordOf(weights['canary'])['weight']) ?? 0;
  if (!picture.isGivenAll(stableHash)) return 'it is healthy, but not everybody gets it';
  return claimed === picture.canaryWeight
    ? undefined
    : `its status says ${claimed} where the routes say ${picture.canaryWeight}`;
}

/** L2: an abort is complete in the end, whatever the canary does. */
export function abortCompletes(): Invariant {
  return {
    id: 'L2',
    rule: 'in the end nobody is on an aborted revision while stable can answer',
    onEnd(picture) {
      const { currentHash, stableHash, isAborted } = picture;
      if (!isAborted || currentHash === stableHash || (picture.setOf(stableHash)?.available ?? 0) === 0)
        return undefined;
      const share = Math.max(picture.weightOf(currentHash), picture.proxiedWeightOf(currentHash));
      return share === 0 ? undefined : `${currentHash} still has a share of ${share}`;
    },
  };
}

/** L5: what belongs to a Rollout that is gone goes too. */
export function leavesNothing(): Invariant {
  return {
    id: 'L5',
    rule: 'the ReplicaSets and runs of a deleted Rollout are deleted',
    onEnd({ rollout, scene }) {
      if (rollout.metadata.deletionTimestamp === undefined) return undefined;
      const left = [...scene.ledger.ownedBy('ReplicaSet', rollout.metadata.uid ?? '')].map(
        ({ metadata }) => metadata.name,
      );
      const held = (rollout.metadata.finalizers ?? []).join(', ');
      return held !== '' ? undefined : `it was deleted and is still there, with ${left.join(', ') || 'nothing'}`;
    },
  };
}
