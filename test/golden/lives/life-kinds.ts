import { resourceSchemas } from '../../../src/api/crd.ts';
import { apiVersionOf, type KubeObject, type ResourceType } from '../../../src/api/object.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import { trafficRouters } from '../../../src/providers/traffic/registry.ts';

const apiTypes: readonly ResourceType[] = Object.values(resourceTypes);

/** Kinds of traffic routers that a cluster only serves when a mesh or a gateway is installed. */
const installed = distinct(trafficRouters.flatMap(({ types }) => types)).filter((type) => !isBuiltIn(type));

/** Kinds that the cluster of a life serves besides the built-in ones. */
export function servedKinds() {
  const open = distinct([...installed, resourceTypes.gateway]);
  return [...Object.values(resourceSchemas), ...open.map((type) => ({ type, subresources: { status: {} } }))];
}

/** The type of an object of a manifest. */
export function typeOf({ apiVersion, kind }: KubeObject): ResourceType {
  const types = [...apiTypes, ...installed];
  return types.find((known) => known.kind === kind && apiVersionOf(known) === apiVersion) ?? typeOfKind(kind);
}

/** The type that a request names by its kind alone. */
export function typeOfKind(kind: string): ResourceType {
  const type = [...apiTypes, ...installed].find((known) => known.kind === kind);
  if (type === undefined) throw new Error(`the kind ${kind} is not served here`);
  return type;
}

function isBuiltIn(type: ResourceType): boolean {
  return type.group === '' || type.group === 'networking.k8s.io';
}

function distinct(types: readonly ResourceType[]): readonly ResourceType[] {
  return [...new Map(types.map((type) => [`${type.plural}.${type.group}`, type])).values()];
}
