import assert from 'node:assert/strict';

import { canarySides } from '../../src/api/canary-sides.ts';
import type { SetHeaderRoute, SetMirrorRoute } from '../../src/api/canary-step.ts';
import type { CanaryStrategy } from '../../src/api/canary-strategy.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { RolloutStatus } from '../../src/api/rollout-status.ts';
import type { RolloutSpec } from '../../src/api/rollout.ts';
import { trafficRouterNames } from '../../src/api/traffic-routing.ts';
import type { HeaderRoute, MirrorRoute, TrafficPlan } from '../../src/api/traffic.ts';
import { splitsByHash, waitsForPods } from '../../src/engine/hash-switch.ts';
import type { RouterSubject, RouterTarget, TrafficRouter } from '../../src/providers/traffic/contract.ts';
import { trafficRoutersWith } from '../../src/providers/traffic/registry.ts';
import type { SmiVersion } from '../../src/providers/traffic/router-types.ts';
import { applyChanges } from '../contract/traffic-router/apply-changes.ts';

/** An experiment's Service, as a call of the reference gets it. */
export interface GoldenDestination {
  readonly serviceName: string;
  readonly podTemplateHash: string;
  readonly weight: number;
}

/** One operation of the reference's reconciler. */
export type TrafficCall =
  | {
      readonly op: 'setWeight';
      readonly weight: number;
      readonly additionalDestinations?: readonly GoldenDestination[];
    }
  | {
      readonly op: 'updateHash';
      readonly canaryHash: string;
      readonly stableHash: string;
      readonly additionalDestinations?: readonly GoldenDestination[];
    }
  | { readonly op: 'setHeaderRoute'; readonly setHeaderRoute: SetHeaderRoute }
  | { readonly op: 'setMirrorRoute'; readonly setMirrorRoute: SetMirrorRoute }
  | { readonly op: 'removeManagedRoutes' };

/** A recorded case of one router. */
export interface TrafficInput {
  readonly rollout: {
    readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
    readonly spec: RolloutSpec;
    readonly status?: RolloutStatus;
  };
  readonly objects: readonly KubeObject[];
  readonly calls: readonly TrafficCall[];
  /** What updateHash looks at. */
  readonly replicaSets?: readonly {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: { readonly replicas: number };
    readonly status: { readonly availableReplicas?: number };
  }[];
  readonly smiApiVersion?: SmiVersion;
}

/** What was seen: the objects that every call changed. */
export interface TrafficExpected {
  readonly calls: readonly {
    readonly error?: string;
    readonly panic?: boolean;
    readonly changed?: Readonly<Record<string, KubeObject | null>>;
  }[];
}

/** For every call whether it failed (the reference may even crash), and all objects after it by their keys. */
export interface TrafficOutput {
  readonly calls: readonly {
    readonly failed: boolean | 'crash';
    readonly objects: Readonly<Record<string, KubeObject>>;
  }[];
}

/**
 * The calls as consecutive plans. A call says one thing and a plan says everything, so a plan repeats what the calls
 * before said and keeps what no call has spoken of yet.
 */
export function runTraffic(input: TrafficInput): TrafficOutput {
  const { router, config, subject } = routerOf(input);
  let { objects } = input;
  let wish = emptyWish(router.read(config, subject, objects).managedRoutes);
  const calls = input.calls.map((call) => {
    if (mustWait(call, input)) return { failed: true, objects: objectsByKey(objects) };
    wish = after(wish, call, subject);
    const seen = objects.filter((object) => router.targets(config, subject).some((target) => isTarget(target, object)));
    const answer = router.write(config, subject, seen, planOf(wish, subject));
    if (answer.ok) objects = applyChanges(objects, answer.value);
    return { failed: !answer.ok, objects: objectsByKey(objects) };
  });
  return { calls };
}

/** The recorded answers in the form in which ours are. */
export function expectedTraffic(input: TrafficInput, expected: TrafficExpected): TrafficOutput {
  let objects = objectsByKey(input.objects);
  const calls = expected.calls.map(({ error, panic, changed = {} }) => {
    const next: Record<string, KubeObject | null> = { ...objects, ...changed };
    objects = Object.fromEntries(
      Object.entries(next).filter((entry): entry is [string, KubeObject] => entry[1] !== null),
    );
    return { failed: panic === true ? ('crash' as const) : error !== undefined, objects };
  });
  return { calls };
}

/** The engine plans no other hashes while pods behind them are missing. */
function mustWait(call: TrafficCall, { rollout: { spec, status }, replicaSets = [] }: TrafficInput): boolean {
  if (call.op !== 'updateHash' || !splitsByHash(spec)) return false;
  const targets = replicaSets.map(({ metadata, spec, status: { availableReplicas = 0 } }) => ({
    hash: metadata.labels['rollouts-pod-template-hash'] ?? '',
    specReplicas: spec.replicas,
    availableReplicas,
  }));
  return waitsForPods({ canary: call.canaryHash, stable: call.stableHash }, status?.abort === true, targets);
}

interface BoundRouter {
  readonly router: TrafficRouter<unknown>;
  readonly config: unknown;
  readonly subject: RouterSubject;
}

/** The router that a case is about, bound to its Rollout. */
function routerOf({ rollout, smiApiVersion: smiVersion = 'v1alpha1' }: TrafficInput): BoundRouter {
  const routing = rollout.spec.strategy?.canary?.trafficRouting ?? {};
  const name = trafficRouterNames.find((candidate) => routing[candidate] !== undefined);
  const router = trafficRoutersWith({ smiVersion }).find((candidate) => candidate.name === name);
  assert.ok(name !== undefined && router !== undefined, `no router of ours is called ${name}`);
  return { router, config: routing[name], subject: subjectOf(rollout, router) };
}

function subjectOf(
  { metadata, spec, status }: TrafficInput['rollout'],
  { capabilities }: TrafficRouter<unknown>,
): RouterSubject {
  const canary = spec.strategy?.canary ?? {};
  const { managedRoutes = [], maxTrafficWeight } = canary.trafficRouting ?? {};
  const strategy = capabilities.pingPong ? canary : withoutPingPong(canary);
  return {
    ...metadata,
    ...canarySides(strategy, status?.canary?.stablePingPong),
    managedRoutes: managedRoutes.map((route) => route.name),
    weightMax: capabilities.weightMax ? (maxTrafficWeight ?? 100) : 100,
    weightMaxGiven: maxTrafficWeight !== undefined,
    otherNamespaces: true,
  };
}

/** A router that cannot change the sides is told those that do not change. */
function withoutPingPong({ pingPong: _changing, ...canary }: CanaryStrategy): CanaryStrategy {
  return canary;
}

function isTarget(target: RouterTarget, object: KubeObject): boolean {
  if (object.kind !== target.type.kind || object.metadata.namespace !== target.namespace) return false;
  return target.kind === 'named' ? object.metadata.name === target.name : target.matches(object);
}

/** Everything that the calls so far said. */
interface Wish {
  /** undefined before the first setWeight. */
  readonly weight: number | undefined;
  readonly weighted: readonly GoldenDestination[];
  /** undefined before the first updateHash. */
  readonly hashes: { readonly canary: string; readonly stable: string } | undefined;
  readonly hashed: readonly GoldenDestination[];
  readonly headerRoutes: readonly HeaderRoute[];
  readonly mirrorRoutes: readonly MirrorRoute[];
  /** Managed routes that were there at the beginning and that no call has spoken of. */
  readonly kept: readonly string[];
}

function emptyWish(kept: readonly string[]): Wish {
  return { weight: undefined, weighted: [], hashes: undefined, hashed: [], headerRoutes: [], mirrorRoutes: [], kept };
}

function after(wish: Wish, call: TrafficCall, { managedRoutes }: RouterSubject): Wish {
  switch (call.op) {
    case 'setWeight':
      return { ...wish, weight: call.weight, weighted: call.additionalDestinations ?? [] };
    case 'updateHash': {
      const { canaryHash: canary, stableHash: stable, additionalDestinations: hashed = [] } = call;
      return { ...wish, hashes: { canary, stable }, hashed };
    }
    case 'setHeaderRoute': {
      const { name = '', match } = call.setHeaderRoute;
      const others = without(wish, [name]);
      return match === undefined ? others : { ...others, headerRoutes: [...others.headerRoutes, { name, match }] };
    }
    case 'setMirrorRoute': {
      const { name, match, percentage = 100 } = call.setMirrorRoute;
      const others = without(wish, [name]);
      if (match === undefined) return others;
      return { ...others, mirrorRoutes: [...others.mirrorRoutes, { name, match, percentage }] };
    }
    case 'removeManagedRoutes':
      return { ...without(wish, managedRoutes), headerRoutes: [], mirrorRoutes: [] };
    default:
      throw new Error(`unknown operation ${JSON.stringify(call)}`);
  }
}

function without(wish: Wish, names: readonly string[]): Wish {
  const stays = ({ name }: { readonly name: string }): boolean => !names.includes(name);
  return {
    ...wish,
    headerRoutes: wish.headerRoutes.filter(stays),
    mirrorRoutes: wish.mirrorRoutes.filter(stays),
    kept: wish.kept.filter((name) => !names.includes(name)),
  };
}

function planOf(wish: Wish, { stableService, canaryService, managedRoutes, weightMax }: RouterSubject): TrafficPlan {
  const weight = wish.weight ?? 0;
  const services = new Set([...wish.weighted, ...wish.hashed].map(({ serviceName }) => serviceName));
  const additional = [...services].map((service) => ({
    role: 'additional' as const,
    service,
    hash: wish.hashed.find(({ serviceName }) => serviceName === service)?.podTemplateHash ?? '',
    weight: wish.weighted.find(({ serviceName }) => serviceName === service)?.weight ?? 0,
  }));
  const rest = additional.reduce((sum, destination) => sum + destination.weight, weight);
  return {
    destinations: [
      { role: 'canary', service: canaryService, hash: wish.hashes?.canary ?? '', weight },
      ...additional,
      { role: 'stable', service: stableService, hash: wish.hashes?.stable ?? '', weight: weightMax - rest },
    ],
    weightMax,
    headerRoutes: wish.headerRoutes,
    mirrorRoutes: wish.mirrorRoutes,
    managedRoutes,
    inProgress: weight > 0,
    keep: { weights: wish.weight === undefined, hashes: wish.hashes === undefined, routes: wish.kept },
  };
}

/** Objects by `Kind/namespace/name`. */
export function objectsByKey(objects: readonly KubeObject[]): Readonly<Record<string, KubeObject>> {
  return Object.fromEntries(
    objects.map((object) => [`${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`, object]),
  );
}
