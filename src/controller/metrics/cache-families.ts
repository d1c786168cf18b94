import type { CacheStanding } from '../../cluster/reflector.ts';
import { gauge, type MetricFamily } from './metric-family.ts';

/** How well the caches keep up with the cluster, by kind. */
export function cacheFamilies(standing: ReadonlyMap<string, CacheStanding>): readonly MetricFamily[] {
  const family = (name: string, help: string, value: (cache: CacheStanding) => number | undefined): MetricFamily =>
    gauge(
      name,
      help,
      [...standing].flatMap(([kind, cache]) => {
        const known = value(cache);
        return known === undefined ? [] : [{ labels: { kind }, value: known }];
      }),
    );
  const seconds = (durationMs: number | undefined): number | undefined =>
    durationMs === undefined ? undefined : durationMs / 1000;
  return [
    family('sluice_cache_objects', 'Objects of a kind that are known.', ({ size }) => size),
    family('sluice_cache_age_seconds', 'Seconds since the watch of a kind last said something.', ({ ageMs }) =>
      seconds(ageMs),
    ),
    family(
      'sluice_watch_lag_seconds',
      'Seconds from the answer to a write until the watch brought it; the last one.',
      ({ lagMs }) => seconds(lagMs),
    ),
  ];
}
