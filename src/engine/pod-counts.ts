import type { RolloutStatus } from '../api/rollout.ts';
import { selectorFromObject, selectorText } from '../api/selector.ts';
import type { Situation } from './situation.ts';
import { activeHash } from './size-plan.ts';
import type { ReplicaSetView } from './world.ts';

/** The counts of pods in the status, and the selector that an autoscaler counts by. */
export function podCounts(situation: Situation): Partial<RolloutStatus> {
  const { world, current } = situation;
  const counted = countedReplicaSets(situation);
  const selector = selectorOf(situation);
  return {
    replicas: sum(world.replicaSets, ({ statusReplicas }) => statusReplicas),
    updatedReplicas: current?.statusReplicas ?? 0,
    readyReplicas: sum(counted, ({ readyReplicas }) => readyReplicas),
    availableReplicas: sum(counted, ({ availableReplicas }) => availableReplicas),
    HPAReplicas: sum(counted, ({ statusReplicas }) => statusReplicas),
    ...(selector === undefined ? {} : { selector }),
  };
}

function sum(replicaSets: readonly ReplicaSetView[], count: (replicaSet: ReplicaSetView) => number): number {
  return replicaSets.reduce((total, replicaSet) => total + count(replicaSet), 0);
}

/** Blue/green counts what users reach, the active ReplicaSet; a canary counts all. */
function countedReplicaSets(situation: Situation): readonly ReplicaSetView[] {
  const { replicaSets } = situation.world;
  if (situation.stored.strategy !== 'blueGreen') return replicaSets;
  const active = replicaSets.filter(({ hash }) => hash === activeHash(situation));
  return active.length === 0 ? replicaSets : active;
}

/** Selects the pods that are counted. */
function selectorOf(situation: Situation): string | undefined {
  const { selector = {} } = situation.world.rollout.spec;
  const active = situation.stored.strategy === 'blueGreen' ? activeHash(situation) : '';
  const matchLabels = { ...selector.matchLabels, ...(active === '' ? {} : { 'rollouts-pod-template-hash': active }) };
  const parsed = selectorFromObject({ ...selector, matchLabels });
  return parsed.ok ? selectorText(parsed.value) : undefined;
}
