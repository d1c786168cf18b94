import { invalid, type FieldErrors } from './field-error.ts';
import { listOf, numberOf, optionalRecord, recordOf, textOf, type JsonRecord } from './json-access.ts';
import type { KubeObject } from './object.ts';

/** Checks an Ambassador Mapping: the controller sets weights on a copy, so the original must have none. */
export function validateMappingReference(mapping: KubeObject): FieldErrors {
  const weight = numberOf(recordOf(mapping['spec'])['weight']) ?? 0;
  // Ambassador itself takes whole weights only, so a fraction counts as none.
  return weight === 0 || !Number.isInteger(weight)
    ? []
    : [invalid('spec.weight', mapping.metadata.name, `the Mapping must have no weight of its own, and has ${weight}`)];
}

const appMeshRouteKinds = ['httpRoute', 'tcpRoute', 'grpcRoute', 'http2Route'];

/** Checks an App Mesh VirtualRouter: every route splits between exactly two targets. Stops at the first wrong route. */
export function validateVirtualRouterReference(router: KubeObject): FieldErrors {
  if (router.kind !== 'VirtualRouter') return [invalid('kind', router.kind, 'a VirtualRouter is needed')];
  const { name } = router.metadata;
  const routes = listOf(recordOf(router['spec'])['routes']);
  if (routes.length === 0) return [invalid('spec.routes', name, 'the VirtualRouter has no routes')];
  for (const [index, item] of routes.entries()) {
    const errors = validateVirtualRoute(optionalRecord(item), name, `spec.routes[${index}]`);
    if (errors.length > 0) return errors;
  }
  return [];
}

function validateVirtualRoute(route: JsonRecord | undefined, router: string, field: string): FieldErrors {
  if (route === undefined) return [invalid(field, router, 'it is not a route')];
  const kind = appMeshRouteKinds.find((candidate) => optionalRecord(route[candidate]) !== undefined);
  const name = textOf(route['name']);
  if (kind === undefined) {
    return [invalid(field, router, `the route "${name}" needs one of ${appMeshRouteKinds.join(', ')}`)];
  }
  const targets = recordOf(recordOf(route[kind])['action'])['weightedTargets'];
  return listOf(targets).length === 2
    ? []
    : [
        invalid(
          `${field}.${kind}.action.weightedTargets`,
          router,
          `the route "${name}" must have two targets, the stable and the canary node, and has ${listOf(targets).length}`,
        ),
      ];
}
