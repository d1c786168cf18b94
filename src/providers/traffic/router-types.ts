import type { ResourceType } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';

const gateway = { group: 'gateway.networking.k8s.io', version: 'v1alpha2', namespaced: true } as const;

const istio = { group: 'networking.istio.io', version: 'v1alpha3', namespaced: true } as const;

/** The resource types that traffic routers write, besides those that Sluice reads anyway. */
export const routerTypes = {
  httpRoute: resourceTypes.httpRoute,
  grpcRoute: resourceTypes.grpcRoute,
  tcpRoute: { ...gateway, kind: 'TCPRoute', plural: 'tcproutes' },
  tlsRoute: { ...gateway, kind: 'TLSRoute', plural: 'tlsroutes' },
  virtualService: { ...istio, kind: 'VirtualService', plural: 'virtualservices' },
  destinationRule: { ...istio, kind: 'DestinationRule', plural: 'destinationrules' },
  ingress: resourceTypes.ingress,
  traefikService: {
    group: 'traefik.io',
    version: 'v1alpha1',
    kind: 'TraefikService',
    plural: 'traefikservices',
    namespaced: true,
  },
  apisixRoute: {
    group: 'apisix.apache.org',
    version: 'v2',
    kind: 'ApisixRoute',
    plural: 'apisixroutes',
    namespaced: true,
  },
} as const satisfies Record<string, ResourceType>;

/** Versions of the TrafficSplit that a mesh may serve. */
export type SmiVersion = 'v1alpha1' | 'v1alpha2' | 'v1alpha3';

/** The TrafficSplit of the Service Mesh Interface in one version. */
export function trafficSplitType(version: SmiVersion): ResourceType {
  return { group: 'split.smi-spec.io', version, kind: 'TrafficSplit', plural: 'trafficsplits', namespaced: true };
}
