import type { ResourceType } from '../api/object.ts';
import { Reflector, type ReflectorOptions } from '../cluster/reflector.ts';
import { CacheGroup, type FollowedCache } from './cache-group.ts';
import type { Scope } from './scope.ts';

/** What all kinds have in common. */
export type FollowTools = Pick<ReflectorOptions<unknown>, 'cluster' | 'clock' | 'log' | 'random'>;

/** How one kind is followed, wherever it is. */
export type Following<View> = Pick<ReflectorOptions<View>, 'project' | 'optional' | 'labelSelector' | 'onChange'>;

/**
 * A cache of one kind in a scope: one watch for the whole cluster, or one for each of its namespaces. Kinds of the
 * whole cluster are only seen by who looks after the whole cluster; others see none of them.
 */
export function followKind<View>(
  tools: FollowTools,
  { namespaces }: Scope,
  type: ResourceType,
  how: Following<View>,
): FollowedCache<View> {
  const reflect = (namespace?: string, stream = type.plural): Reflector<View> =>
    new Reflector<View>({
      ...tools,
      ...how,
      type,
      random: tools.random.fork(stream),
      ...(namespace === undefined ? {} : { namespace }),
    });
  const [only, ...others] = namespaces;
  if (only === undefined) return reflect();
  if (!type.namespaced) return new CacheGroup(type, new Map());
  if (others.length === 0) return reflect(only);
  return new CacheGroup(
    type,
    new Map(namespaces.map((namespace) => [namespace, reflect(namespace, `${type.plural}/${namespace}`)])),
  );
}
