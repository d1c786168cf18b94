import type { Static } from 'typebox';

import { anyObject, boolean, int32, int64, list, object, text, textMap } from './schema.ts';

const istioVirtualServiceSchema = object(
  { name: text },
  {
    routes: list(text),
    tlsRoutes: list(object({}, { port: int64, sniHosts: list(text) })),
    tcpRoutes: list(object({}, { port: int64 })),
  },
);

/**
 * A VirtualService (`name` or `name.namespace`) and which of its routes carry the traffic; none listed: the only one.
 */
export type IstioVirtualService = Static<typeof istioVirtualServiceSchema>;

/** Schema of `trafficRouting.istio`. */
export const istioSchema = object(
  {},
  {
    virtualService: istioVirtualServiceSchema,
    virtualServices: list(istioVirtualServiceSchema),
    destinationRule: object(
      { name: text, canarySubsetName: text, stableSubsetName: text },
      { additionalSubsetNames: list(text) },
    ),
  },
);

/** Configuration of the Istio router: virtualService or virtualServices, with a destinationRule for subset mode. */
export type IstioTrafficRouting = Static<typeof istioSchema>;

/** Schema of `trafficRouting.nginx`. */
export const nginxSchema = object(
  {},
  {
    annotationPrefix: text,
    stableIngress: text,
    stableIngresses: list(text),
    additionalIngressAnnotations: textMap,
    canaryIngressAnnotations: textMap,
  },
);

/** Configuration of the NGINX ingress router: stableIngress or stableIngresses. */
export type NginxTrafficRouting = Static<typeof nginxSchema>;

/** Schema of `trafficRouting.alb`. */
export const albSchema = object(
  { servicePort: int32 },
  {
    ingress: text,
    ingresses: list(text),
    rootService: text,
    annotationPrefix: text,
    stickinessConfig: object({ enabled: boolean, durationSeconds: int64 }, {}),
  },
);

/** Configuration of the AWS load-balancer router: ingress or ingresses. */
export type AlbTrafficRouting = Static<typeof albSchema>;

/** Schema of `trafficRouting.smi`. */
export const smiSchema = object({}, { rootService: text, trafficSplitName: text });

/** Configuration of the SMI router. */
export type SmiTrafficRouting = Static<typeof smiSchema>;

const ambassadorSchema = object({ mappings: list(text) }, {});

/** Configuration of the Ambassador router. */
export type AmbassadorTrafficRouting = Static<typeof ambassadorSchema>;

const virtualNodeReferenceSchema = object({ name: text }, {});

const appMeshSchema = object(
  {},
  {
    virtualService: object({ name: text }, { routes: list(text) }),
    virtualNodeGroup: object(
      { canaryVirtualNodeRef: virtualNodeReferenceSchema, stableVirtualNodeRef: virtualNodeReferenceSchema },
      {},
    ),
  },
);

/** Configuration of the AWS App Mesh router. */
export type AppMeshTrafficRouting = Static<typeof appMeshSchema>;

/** Schema of `trafficRouting.traefik`. */
export const traefikSchema = object({ weightedTraefikServiceName: text }, {});

/** Configuration of the Traefik router. */
export type TraefikTrafficRouting = Static<typeof traefikSchema>;

/** Schema of `trafficRouting.apisix`. */
export const apisixSchema = object({}, { route: object({ name: text }, { rules: list(text) }) });

/** Configuration of the Apache APISIX router. */
export type ApisixTrafficRouting = Static<typeof apisixSchema>;

/** Schema of the traffic routers of a canary. */
export const trafficRoutingSchema = object(
  {},
  {
    istio: istioSchema,
    nginx: nginxSchema,
    alb: albSchema,
    smi: smiSchema,
    ambassador: ambassadorSchema,
    appMesh: appMeshSchema,
    traefik: traefikSchema,
    apisix: apisixSchema,
    plugins: anyObject,
    managedRoutes: list(object({ name: text }, {})),
    maxTrafficWeight: int32,
  },
);

/** The traffic routers of a canary. Several may be given; each gets the same weights. */
export type TrafficRouting = Static<typeof trafficRoutingSchema>;

/** The routers with a field of their own, in the order in which they are asked; plug-ins come after them. */
export const trafficRouterNames = [
  'istio',
  'nginx',
  'alb',
  'smi',
  'ambassador',
  'appMesh',
  'traefik',
  'apisix',
] as const satisfies readonly (keyof TrafficRouting)[];

/** Name of a router with a field of its own. */
export type TrafficRouterName = (typeof trafficRouterNames)[number];
