import type { TrafficRouter } from './contract.ts';
import { gatewayApi } from './gateway-api.ts';

/** The traffic routers that Sluice knows. They act in this order when a Rollout configures several. */
export const trafficRouters: readonly TrafficRouter<unknown>[] = [gatewayApi];
