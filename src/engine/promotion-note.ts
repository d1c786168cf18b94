import type { Effect } from './decision.ts';
import { promotedAnnotation } from './revision.ts';
import { isIn, type Situation } from './situation.ts';
import { activeHash } from './size-plan.ts';

/**
 * Notes on a blue/green revision that its users were led to it. Only such a one may be gone back to past the gates: a
 * preview that was replaced waits for its scale-down too, and nobody has ever approved it.
 */
export function planPromotionNote(situation: Situation): readonly Effect[] {
  const { current, stored } = situation;
  if (stored.strategy !== 'blueGreen' || !isIn(situation, 'settled') || current === undefined) return [];
  if (activeHash(situation) !== current.hash || current.annotations[promotedAnnotation] !== undefined) return [];
  const annotations = { [promotedAnnotation]: 'true' };
  return [{ kind: 'annotateReplicaSet', phase: 'record', name: current.name, annotations }];
}
