import type { Effect } from './decision.ts';
import { promotedAnnotation } from './revision.ts';
import { isIn, type Situation } from './situation.ts';
import { activeHash } from './size-plan.ts';

/**
 * Notes on the stable revision of blue/green that its users were led to it. Only such a one may be gone back to past
 * the gates: a preview that was replaced waits for its scale-down too, and nobody has ever approved it. One that
 * another controller promoted is noted as soon as it is seen.
 */
export function planPromotionNote(situation: Situation): readonly Effect[] {
  const { stable, stored } = situation;
  if (stored.strategy !== 'blueGreen' || isIn(situation, 'deleting', 'invalid') || stable === undefined) return [];
  if (activeHash(situation) !== stable.hash || stable.annotations[promotedAnnotation] !== undefined) return [];
  const annotations = { [promotedAnnotation]: 'true' };
  return [{ kind: 'annotateReplicaSet', phase: 'record', name: stable.name, annotations }];
}
