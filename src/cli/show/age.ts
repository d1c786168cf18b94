import { parseInstant } from '../../base/instant.ts';

const [minute, hour, day, year] = [60, 3600, 86_400, 31_536_000];

/** Bounds in seconds, and the two units that are shown below each. */
const spans: readonly (readonly [belowSeconds: number, large: Unit, small?: Unit])[] = [
  [2 * minute, [1, 's']],
  [10 * minute, [minute, 'm'], [1, 's']],
  [3 * hour, [minute, 'm']],
  [8 * hour, [hour, 'h'], [minute, 'm']],
  [2 * day, [hour, 'h']],
  [8 * day, [day, 'd'], [hour, 'h']],
  [2 * year, [day, 'd']],
  [8 * year, [year, 'y'], [day, 'd']],
  [Number.POSITIVE_INFINITY, [year, 'y']],
];

type Unit = readonly [seconds: number, name: string];

/** How long ago an RFC 3339 time was, as kubectl shows ages: `45s`, `3m20s`, `5h10m`, `2d`. */
export function ageOf(time: string, nowMs: number): string {
  const instantMs = parseInstant(time);
  return instantMs === undefined ? '<unknown>' : shortDuration(nowMs - instantMs);
}

/** A duration in at most two units. */
export function shortDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  const span = spans.find(([below]) => seconds < below);
  if (span === undefined) return '<unknown>';
  const [, [large, largeName], small] = span;
  const whole = `${Math.floor(seconds / large)}${largeName}`;
  const rest = small === undefined ? 0 : Math.floor((seconds % large) / small[0]);
  return rest === 0 || small === undefined ? whole : `${whole}${rest}${small[1]}`;
}
