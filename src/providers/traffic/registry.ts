import { alb } from './alb.ts';
import { apisix } from './apisix.ts';
import type { TrafficRouter } from './contract.ts';
import { gatewayApi } from './gateway-api.ts';
import { istio } from './istio.ts';
import { nginx } from './nginx.ts';
import type { SmiVersion } from './router-types.ts';
import { smi } from './smi.ts';
import { traefik } from './traefik.ts';

/** What whoever runs Sluice can choose about traffic routers. */
export interface RouterSettings {
  /** Version of the TrafficSplit that the mesh serves. */
  readonly smiVersion: SmiVersion;
}

/** The traffic routers that Sluice knows. They act in this order when a Rollout configures several. */
export function trafficRoutersWith({ smiVersion }: RouterSettings): readonly TrafficRouter<unknown>[] {
  return [istio, nginx, alb, smi(smiVersion), traefik, apisix, gatewayApi];
}

/** The traffic routers with the settings that hold when nobody chooses. */
export const trafficRouters = trafficRoutersWith({ smiVersion: 'v1alpha1' });
