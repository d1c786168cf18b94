import type { RolloutPicture } from './rollout-picture.ts';

/** The share out of `weightMax` for which stable has the pods. */
export function carriedByStable(picture: RolloutPicture): number {
  const { stableHash, replicas, maxUnavailable, weightMax, blueGreen } = picture;
  const available = picture.setOf(stableHash)?.available ?? 0;
  const needed = Math.max(1, replicas - maxUnavailable);
  // A Service is switched as a whole.
  if (blueGreen !== undefined && available < needed) return 0;
  return Math.min(weightMax, Math.floor((weightMax * available) / needed));
}
