import type { Effect } from './decision.ts';
import { promotedAnnotation } from './revision.ts';
import { isIn, type Situation } from './situation.ts';
import { activeHash } from './size-plan.ts';
import type { ReplicaSetView } from './world.ts';

/**
 * Notes on the stable revision of blue/green that its users were led to it. Only such a one may be gone back to past
 * the gates: a preview that was replaced waits for its scale-down too, and nobody has ever approved it. One that
 * another controller promoted is noted as soon as it is seen. A revision loses the note when an update to it is
 * aborted: what was found then outweighs what it once was.
 */
export function planPromotionNote(situation: Situation): readonly Effect[] {
  const { stable, current, stored } = situation;
  if (stored.strategy !== 'blueGreen' || isIn(situation, 'deleting', 'invalid') || stable === undefined) return [];
  if (isIn(situation, 'aborted') && current !== undefined && current.hash !== stable.hash) {
    return isNoted(current) ? [note(current.name, null)] : [];
  }
  return activeHash(situation) !== stable.hash || isNoted(stable) ? [] : [note(stable.name, 'true')];
}

function isNoted({ annotations }: ReplicaSetView): boolean {
  return annotations[promotedAnnotation] !== undefined;
}

function note(name: string, value: 'true' | null): Effect {
  return { kind: 'annotateReplicaSet', phase: 'record', name, annotations: { [promotedAnnotation]: value } };
}
