import type { RouterRelease } from '../providers/traffic/contract.ts';
import type { Releasable } from './release.ts';
import { routersOf, type RouterRegistry } from './routers.ts';
import { writeChanges } from './write-traffic.ts';

/** The kinds of router objects that are given back. */
export function routerReleases(registry: RouterRegistry): readonly Releasable[] {
  return registry.flatMap((router) => (router.release === undefined ? [] : [releasableOf(router.release, registry)]));
}

function releasableOf(release: RouterRelease, registry: RouterRegistry): Releasable {
  const { type } = release;
  return {
    type,
    named: (rollout) =>
      routersOf(rollout, registry)
        .flatMap(({ targets }) => targets)
        .flatMap((target) =>
          target.kind === 'named' && target.type === type ? [{ namespace: target.namespace, name: target.name }] : [],
        ),
    managers({ namespace, name }, caches) {
      const object = caches.routerObjects(type).get(namespace, name);
      return object === undefined ? [] : release.managers(object);
    },
    async write({ namespace, name }, staying, tools, signal) {
      const object = tools.caches.routerObjects(type).get(namespace, name);
      return object === undefined ? undefined : writeChanges(release.write(object, staying), [object], tools, signal);
    },
  };
}
