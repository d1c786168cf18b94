import type { HeaderMatch, RouteMatch } from './canary-step.ts';

/**
 * What the engine and a traffic router say to each other. The engine plans and reads in these terms; a router
 * translates them to its own objects and back (`src/providers/traffic/contract.ts`).
 */

/** Who receives a share of the traffic. */
export interface TrafficDestination {
  readonly role: 'stable' | 'canary' | 'additional';
  /** Name of the Service in the Rollout's namespace; empty where a router splits by subset and needs none. */
  readonly service: string;
  /** Pod-template hash behind it. */
  readonly hash: string;
  /** Integer from 0 to the plan's `weightMax`. */
  readonly weight: number;
}

/** Sends all requests whose headers match to the canary. */
export interface HeaderRoute {
  readonly name: string;
  readonly match: readonly HeaderMatch[];
}

/** Copies a share of the matching requests to the canary; their answers are thrown away. */
export interface MirrorRoute {
  readonly name: string;
  readonly match: readonly RouteMatch[];
  /** 0..100. */
  readonly percentage: number;
}

/**
 * The complete wish for the router objects of one Rollout: what is not in it is to be absent. Weights of all
 * destinations sum to `weightMax`.
 */
export interface TrafficPlan {
  readonly destinations: readonly TrafficDestination[];
  readonly weightMax: number;
  /** In the order in which they are to be tried. */
  readonly headerRoutes: readonly HeaderRoute[];
  readonly mirrorRoutes: readonly MirrorRoute[];
  /** Every route name the Rollout may create. A managed route that the plan does not want is removed. */
  readonly managedRoutes: readonly string[];
  /** True while a revision is on its way; some routers mark their objects with it. */
  readonly inProgress: boolean;
  /** What stays as it is, whatever the rest of the plan says; absent means nothing. */
  readonly keep?: KeptParts;
}

/** Parts of the router objects that a plan does not speak of. */
export interface KeptParts {
  /** The weights of all destinations. */
  readonly weights?: boolean;
  /** The hashes that a router splits by. */
  readonly hashes?: boolean;
  /** Managed routes, by name. */
  readonly routes?: readonly string[];
}

/** What the router objects say now. */
export interface TrafficReading {
  /** Share of the canary out of `weightMax` as the data plane is told it; undefined when it cannot be told. */
  readonly canaryWeight: number | undefined;
  /** Share of the stable side, likewise. */
  readonly stableWeight: number | undefined;
  /** Shares of all other destinations that get traffic, by Service name. */
  readonly additionalWeights: Readonly<Record<string, number>>;
  readonly weightMax: number;
  /** Managed routes that are present, by name. */
  readonly managedRoutes: readonly string[];
  /** Whether the objects are marked as `inProgress`; absent where a router has no such mark. */
  readonly inProgress?: boolean;
  /** Pod-template hash behind each side, empty when there is none; absent where a router does not split by hash. */
  readonly hashes?: { readonly canary: string; readonly stable: string };
  /**
   * Whether the data plane took the objects as they stand: `accepted`, not yet (`pending`), `refused` with the
   * message below, or `unknown` where a router never says.
   */
  readonly acceptance: 'accepted' | 'pending' | 'refused' | 'unknown';
  /** Why it is refused, or what is missing or contradictory (a route without our Services, two different shares). */
  readonly problem?: string;
}

/** What a kind of router can do; validation refuses a Rollout that asks for more. */
export interface RouterCapabilities {
  readonly headerRoutes: 'none' | 'exact' | 'full';
  readonly mirrorRoutes: boolean;
  readonly additionalDestinations: boolean;
  /** Whether it splits between ping and pong; `alone`: not where stable and canary Services are named beside them. */
  readonly pingPong: boolean | 'alone';
  readonly weightMax: boolean;
  /** True when it needs canaryService and stableService. */
  readonly needsServices: boolean;
}
