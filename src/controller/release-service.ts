import { hashLabel } from '../api/pod-template-hash.ts';
import { resourceTypes } from '../api/resource-types.ts';
import { namedServices } from './observe.ts';
import { managedByAnnotation } from './project.ts';
import type { Releasable } from './release.ts';
import { patchMerge } from './write-object.ts';

/**
 * A Service is given back with the note about its Rollouts, and with the last of them without the pod-template hash in
 * the selector. A Service without a hash is left as it is: nothing was done to it that would have to be undone.
 */
export const serviceRelease: Releasable = {
  type: resourceTypes.service,
  named: (rollout) => namedServices(rollout).map((name) => ({ namespace: rollout.namespace, name })),
  managers({ namespace, name }, { services }) {
    const service = services.get(namespace, name);
    return service === undefined || service.hash === '' ? [] : service.managedBy;
  },
  async write({ namespace, name }, staying, { cluster, caches }, signal) {
    const service = caches.services.get(namespace, name);
    if (service === undefined) return undefined;
    const isFree = staying.length === 0;
    const body = {
      metadata: {
        resourceVersion: service.resourceVersion,
        annotations: { [managedByAnnotation]: isFree ? null : staying.join(',') },
      },
      ...(isFree ? { spec: { selector: { [hashLabel]: null } } } : {}),
    };
    return patchMerge(caches.services, name, body, { cluster, namespace }, signal);
  },
};
