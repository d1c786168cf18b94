import type { ResourceType } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';

const gateway = { group: 'gateway.networking.k8s.io', version: 'v1alpha2', namespaced: true } as const;

/** The resource types that traffic routers write, besides those that Sluice reads anyway. */
export const routerTypes = {
  httpRoute: resourceTypes.httpRoute,
  grpcRoute: resourceTypes.grpcRoute,
  tcpRoute: { ...gateway, kind: 'TCPRoute', plural: 'tcproutes' },
  tlsRoute: { ...gateway, kind: 'TLSRoute', plural: 'tlsroutes' },
} as const satisfies Record<string, ResourceType>;
