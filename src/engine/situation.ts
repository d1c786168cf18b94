import { canarySides, plainSides, type CanarySides } from '../api/canary-sides.ts';
import type { CanaryStep } from '../api/canary-step.ts';
import type { Stored } from './stored.ts';
import type { ReplicaSetView, World } from './world.ts';

/** Where a Rollout stands and what surrounds it: what every part of the plan is a function of. */
export interface Situation {
  readonly world: World;
  readonly stored: Stored;
  /** Path of the statechart's state, e.g. `canary.step.setWeight`. */
  readonly state: string;
  /** 0..number of steps. */
  readonly stepIndex: number;
  /** spec.replicas with its default. */
  readonly replicas: number;
  /** The ReplicaSet of the current template; undefined before it exists. */
  readonly current: ReplicaSetView | undefined;
  /** The stable ReplicaSet; the same object as `current` when the current revision is stable. */
  readonly stable: ReplicaSetView | undefined;
  /** All others. */
  readonly older: readonly ReplicaSetView[];
}

/** Puts a state of the chart and the world together. */
export function situate(world: World, stored: Stored, state: string, stepIndex: number): Situation {
  const { rollout, replicaSets } = world;
  const live = replicaSets.filter(({ deleting }) => !deleting);
  const stableHash = stableHashIn({ stored, state });
  const current = live.find(({ hash }) => hash === rollout.templateHash);
  const stable = stableHash === '' ? undefined : live.find(({ hash }) => hash === stableHash);
  return {
    world,
    stored,
    state,
    stepIndex,
    replicas: rollout.spec.replicas ?? 1,
    current,
    stable,
    older: live.filter((replicaSet) => replicaSet !== current && replicaSet !== stable),
  };
}

/**
 * Hash of the stable revision; empty when there is none. In the state `settled` the current revision is stable, also in
 * the pass that promotes it, when the status does not say so yet.
 */
export function stableHashIn({ stored, state }: Pick<Situation, 'stored' | 'state'>): string {
  const { status, templateHash } = stored.rollout;
  return state === 'settled' ? templateHash : (status.stableRS ?? '');
}

/** True in the state or in one inside it. */
export function isIn(situation: { readonly state: string }, ...states: readonly string[]): boolean {
  return states.some((state) => situation.state === state || situation.state.startsWith(`${state}.`));
}

/** The Services of the two sides of a canary, as the stored status has them; empty where there is none. */
export function sidesOf({ world, stored }: Pick<Situation, 'world' | 'stored'>): CanarySides {
  return canarySides(world.rollout.spec.strategy?.canary ?? {}, stored.rollout.status.canary?.stablePingPong);
}

/** The sides of every router: those of pingPong, and the Services beside them that other routers split between. */
export function allSidesOf(situation: Pick<Situation, 'world' | 'stored'>): readonly CanarySides[] {
  const plain = plainSides(situation.world.rollout.spec.strategy?.canary ?? {});
  return plain === undefined ? [sidesOf(situation)] : [sidesOf(situation), plain];
}

/** Whether the two sides change parts at every promotion, instead of their Services being switched. */
export function hasPingPong({ world }: Pick<Situation, 'world'>): boolean {
  return world.rollout.spec.strategy?.canary?.pingPong !== undefined;
}

/** The canary steps; empty for blue/green. */
export function stepsOf(situation: Situation): readonly CanaryStep[] {
  return situation.world.rollout.spec.strategy?.canary?.steps ?? [];
}

/** True when the pods that the ReplicaSet should have are all there and available, and they are `replicas`. */
export function isSaturated(replicaSet: ReplicaSetView | undefined, replicas: number): boolean {
  return replicaSet?.specReplicas === replicas && replicaSet.availableReplicas === replicas;
}
