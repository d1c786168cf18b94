import type { Call, ClusterPort } from '../cluster/port.ts';

/** The same cluster, whose calls are urgent for as long as `isUrgent` says so. */
export function urgentCluster(cluster: ClusterPort, isUrgent: () => boolean): ClusterPort {
  const marked = (call: Call): Call => (isUrgent() ? { ...call, isUrgent: true } : call);
  return {
    name: cluster.name,
    get: (at, call) => cluster.get(at, marked(call)),
    list: (type, query, call) => cluster.list(type, query, marked(call)),
    watch: (type, query, signal) => cluster.watch(type, query, signal),
    create: (type, object, options, call) => cluster.create(type, object, options, marked(call)),
    update: (type, object, options, call) => cluster.update(type, object, options, marked(call)),
    patch: (at, patch, options, call) => cluster.patch(at, patch, options, marked(call)),
    delete: (at, options, call) => cluster.delete(at, options, marked(call)),
    deleteCollection: (type, query, options, call) => cluster.deleteCollection(type, query, options, marked(call)),
    evict: (pod, options, call) => cluster.evict(pod, options, marked(call)),
  };
}
