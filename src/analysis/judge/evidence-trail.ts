/** How the evidence went since the observation began, thinned out so that it stays short. */
export interface EvidenceTrail {
  /** Looks from one point to the next. */
  readonly every: number;
  /** Looks since the last point. */
  readonly looks: number;
  readonly points: readonly TrailPoint[];
}

/** Evidence in natural logs at one look. */
export interface TrailPoint {
  readonly rollback: number;
  /** Absent where nothing speaks for a promotion. */
  readonly promote?: number;
}

/** Points that are kept, at most. */
export const trailPointsMax = 48;

/** A trail without points. */
export const emptyTrail: EvidenceTrail = { every: 1, looks: 0, points: [] };

/** One more look. When there is no room, every second point goes. */
export function extendTrail({ every, looks, points }: EvidenceTrail, point: TrailPoint): EvidenceTrail {
  if (looks + 1 < every) return { every, looks: looks + 1, points };
  const extended = [...points, point];
  if (extended.length < trailPointsMax) return { every, looks: 0, points: extended };
  return { every: 2 * every, looks: 0, points: extended.filter((_, at) => at % 2 === 1) };
}
