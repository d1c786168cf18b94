import type { IstioTrafficRouting, IstioVirtualService } from './traffic-routing.ts';

/** A VirtualService as a Rollout names it. */
export interface VirtualServiceName {
  readonly name: string;
  /** undefined for the namespace of the Rollout. */
  readonly namespace: string | undefined;
  /** Path of the field that names it. */
  readonly field: string;
  /** Which of its routes carry the traffic. */
  readonly routes: IstioVirtualService;
}

const istioField = 'spec.strategy.canary.trafficRouting.istio';

/** The VirtualServices of a Rollout. Each is named `name` or `name.namespace`. */
export function virtualServiceNames(istio: IstioTrafficRouting): readonly VirtualServiceName[] {
  const list = istio.virtualServices ?? [];
  if (list.length > 0) return list.map((item) => splitName(item, `${istioField}.virtualServices.name`));
  return istio.virtualService === undefined
    ? []
    : [splitName(istio.virtualService, `${istioField}.virtualService.name`)];
}

function splitName(routes: IstioVirtualService, field: string): VirtualServiceName {
  const [name = '', namespace] = routes.name.split('.');
  return { name, namespace, field, routes };
}
