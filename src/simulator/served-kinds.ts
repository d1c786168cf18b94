import { resourceSchemas } from '../api/crd.ts';
import { resourceTypes } from '../api/resource-types.ts';
import type { CustomResource } from '../cluster/embedded/custom-resources.ts';
import { trafficRouters } from '../providers/traffic/registry.ts';

/** Kinds that a simulated cluster serves besides the built-in ones. Routes have no schema: foreign fields must stay. */
export function servedKinds(): readonly CustomResource[] {
  const types = new Set(trafficRouters.flatMap((router) => router.types));
  const builtin = new Set<string>([resourceTypes.ingress.plural]);
  const routes = [...types]
    .filter(({ plural }) => !builtin.has(plural))
    .map((type) => ({ type, subresources: { status: {} } }));
  return [...Object.values(resourceSchemas), ...routes];
}
