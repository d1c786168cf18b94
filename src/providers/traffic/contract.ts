import type { TSchema } from 'typebox';

import type { KubeObject, ResourceType } from '../../api/object.ts';
import type { RouterCapabilities, TrafficPlan, TrafficReading } from '../../api/traffic.ts';
import type { Result } from '../../base/result.ts';

/**
 * One kind of traffic router as a translation between the engine's words and the router's own objects. It is pure: the
 * controller fetches the targets, applies the changes and reads again. A router never retries, waits or remembers.
 *
 * The shared suite is `test/contract/traffic-router.ts`.
 */
export interface TrafficRouter<Config> {
  /** Key under `trafficRouting`, or under `trafficRouting.plugins` when `plugin` is true. */
  readonly name: string;
  readonly plugin: boolean;
  /** Schema of the configuration under that key. */
  readonly schema: TSchema;
  readonly capabilities: RouterCapabilities;
  /** Every kind the router may touch, as data, so that permissions are derived from it. */
  readonly types: readonly ResourceType[];
  /** The objects this configuration is about. The controller watches and reads these and no others. */
  targets(config: Config, subject: RouterSubject): readonly RouterTarget[];
  /** What the objects say now. Total: contradictions become `problem`, never a thrown error. */
  read(config: Config, subject: RouterSubject, objects: readonly KubeObject[]): TrafficReading;
  /**
   * The fewest changes after which `read` says what the plan wants. No change when they already say it. Everything the
   * plan does not speak of is left exactly as it is. Fails when the objects do not allow it; nothing is then changed.
   */
  write(
    config: Config,
    subject: RouterSubject,
    objects: readonly KubeObject[],
    plan: TrafficPlan,
  ): Result<readonly RouterChange[], RouterProblem>;
  /** What clients are told about a change that was made for a plan; a router without it says nothing. */
  notice?(change: RouterChange, plan: TrafficPlan): RouterNotice;
  /** How an object is given back; a router without it leaves nothing behind that would do harm later. */
  readonly release?: RouterRelease;
}

/** What a router wrote into an object that goes when no Rollout names the object any more. */
export interface RouterRelease {
  /** The kind of the objects. */
  readonly type: ResourceType;
  /** Names of the Rollouts, in the namespace of the object, that are noted in it. */
  managers(object: KubeObject): readonly string[];
  /** The change after which only these Rollouts are noted; the last one takes with it what was written for all. */
  write(object: KubeObject, staying: readonly string[]): readonly RouterChange[];
}

/** A Kubernetes Event about a change. */
export interface RouterNotice {
  readonly reason: string;
  readonly message: string;
}

/** The Rollout as far as routers need to know it. */
export interface RouterSubject {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** Service of the stable side: the ping or pong Service where those are used. May be empty. */
  readonly stableService: string;
  readonly canaryService: string;
  /** Route names the Rollout may create, from `managedRoutes`. */
  readonly managedRoutes: readonly string[];
  /** 100 unless `maxTrafficWeight` says otherwise. */
  readonly weightMax: number;
  /** True when `maxTrafficWeight` is given, even if it says 100. */
  readonly weightMaxGiven?: boolean;
  /** True when objects of other namespaces may be changed too. Off unless whoever runs Sluice allows it. */
  readonly otherNamespaces?: boolean;
}

/** An object, or all objects of a namespace that match (by labels, as a rule). */
export type RouterTarget =
  | {
      readonly kind: 'named';
      readonly type: ResourceType;
      readonly namespace: string;
      readonly name: string;
      /** True when the router makes the object itself, so that its absence is no mistake of the user. */
      readonly optional: boolean;
    }
  | {
      readonly kind: 'selected';
      readonly type: ResourceType;
      readonly namespace: string;
      /** True for an object of that type and namespace that belongs to it. */
      readonly matches: (object: KubeObject) => boolean;
    };

/** A change to one router object. The controller adds the resourceVersion that was read as a precondition. */
export type RouterChange =
  | {
      /** RFC 7396 merge patch; lists are replaced whole. */
      readonly kind: 'merge';
      readonly type: ResourceType;
      readonly namespace: string;
      readonly name: string;
      readonly body: object;
    }
  | { readonly kind: 'create'; readonly type: ResourceType; readonly object: KubeObject }
  | { readonly kind: 'delete'; readonly type: ResourceType; readonly namespace: string; readonly name: string };

/** Why a plan cannot be written. */
export interface RouterProblem {
  /** The object and field at fault. */
  readonly subject: string;
  readonly message: string;
}

/** A problem as one line. */
export function problemText({ subject, message }: RouterProblem): string {
  return `${subject}: ${message}`;
}
