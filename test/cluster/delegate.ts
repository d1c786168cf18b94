import type { ClusterPort } from '../../src/cluster/port.ts';

/** A port that hands everything on, for a test that wants some of it another way. */
export function delegate(cluster: ClusterPort): ClusterPort {
  return {
    name: cluster.name,
    get: (...rest) => cluster.get(...rest),
    list: (...rest) => cluster.list(...rest),
    watch: (...rest) => cluster.watch(...rest),
    create: (...rest) => cluster.create(...rest),
    update: (...rest) => cluster.update(...rest),
    patch: (...rest) => cluster.patch(...rest),
    delete: (...rest) => cluster.delete(...rest),
    deleteCollection: (...rest) => cluster.deleteCollection(...rest),
    evict: (...rest) => cluster.evict(...rest),
  };
}
