import { getCondition } from '../api/condition.ts';
import { parseInstant } from '../base/instant.ts';
import { patienceMs } from './patience.ts';
import { isIn, type Situation } from './situation.ts';
import { sizeReplicaSets } from './size-plan.ts';
import { hasRouting } from './traffic-plan.ts';

/**
 * Without a router the last step takes the pods of other revisions away itself: whether they are gone, as far as they
 * can go. The promotion waits for that, so that it and the counts that make the Rollout healthy are one write.
 */
export function isDrained(situation: Situation): boolean {
  const endsAt = drainEndsAt(situation);
  return endsAt === undefined || situation.world.now >= endsAt;
}

/**
 * Until when the promotion waits for pods that are taken away, in milliseconds since the epoch: `patienceMs` from the
 * last progress. Undefined when it waits for none.
 */
export function drainEndsAt(situation: Situation): number | undefined {
  const isLast = isIn(situation, 'canary.finishing', 'promoteFull') && situation.stored.strategy === 'canary';
  if (!isLast || hasRouting(situation) || !isDraining(situation)) return undefined;
  const { spec, status } = situation.world.rollout;
  const lastProgress = getCondition(status.conditions, 'Progressing')?.lastUpdateTime;
  const since = parseInstant(lastProgress ?? '');
  return since === undefined ? undefined : since + patienceMs(spec);
}

/** Pods of a revision are to go now, or its ReplicaSet was told so and still counts them. */
function isDraining(situation: Situation): boolean {
  const { stable, older } = situation;
  const leaving = [stable, ...older].filter((replicaSet) => replicaSet !== undefined);
  return (
    leaving.some(({ specReplicas, statusReplicas }) => statusReplicas > specReplicas) ||
    sizeReplicaSets(situation).sizes.some(({ phase }) => phase === 'shrink')
  );
}
