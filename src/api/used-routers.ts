import { trafficRouterNames, type TrafficRouting } from './traffic-routing.ts';
import type { RouterCapabilities } from './traffic.ts';

/** A router that a canary asks for. */
export interface UsedRouter {
  /** Field under trafficRouting, or name of the plug-in. */
  readonly name: string;
  /** Where it stands below trafficRouting. */
  readonly field: string;
  /** undefined when no such router is known. */
  readonly capabilities: RouterCapabilities | undefined;
}

/**
 * The routers that a canary asks for, in the order in which they act: those with a field of their own, then plug-ins.
 */
export function usedRouters(
  trafficRouting: TrafficRouting | undefined,
  known: Readonly<Record<string, RouterCapabilities>>,
): readonly UsedRouter[] {
  if (trafficRouting === undefined) return [];
  const find = (name: string): RouterCapabilities | undefined => (Object.hasOwn(known, name) ? known[name] : undefined);
  return [
    ...trafficRouterNames
      .filter((name) => trafficRouting[name] !== undefined)
      .map((name) => ({ name, field: name, capabilities: find(name) })),
    ...Object.keys(trafficRouting.plugins ?? {}).map((name) => ({
      name,
      field: `plugins[${name}]`,
      capabilities: find(name),
    })),
  ];
}

/** Whether any of the routers can do something. */
export function anyRouterCan(
  routers: readonly UsedRouter[],
  can: (capabilities: RouterCapabilities) => boolean,
): boolean {
  return routers.some(({ capabilities }) => capabilities !== undefined && can(capabilities));
}
