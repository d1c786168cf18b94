import { isPatienceOver, patienceEndsAt } from './patience.ts';
import { allSidesOf, isIn, type Situation } from './situation.ts';
import { isGated } from './stored.ts';

/** What is asked of a Rollout about Services that select the pods of all revisions. */
type Asked = Pick<Situation, 'world' | 'stored' | 'state'>;

/**
 * Whether pods of the new revision would get users whom no step gives it: a side with traffic selects the pods of all
 * revisions, as it does until the first revision has all its pods. The new revision waits then for the sides to be
 * turned, but not for ever, or a broken first revision could never be replaced.
 */
export function waitsForSides(situation: Asked): boolean {
  const { rollout, now } = situation.world;
  const endsAt = patienceEndsAt(rollout);
  return endsAt !== undefined && now < endsAt && (isCanaryShown(situation) || isPreviewShown(situation));
}

function isCanaryShown(situation: Asked): boolean {
  return isIn(situation, 'canary') && isAnySideOpen(situation);
}

/** A blue/green revision that has to pass gates is for nobody but testers before. */
function isPreviewShown({ world, stored, state }: Asked): boolean {
  const { activeService = '' } = world.rollout.spec.strategy?.blueGreen ?? {};
  return isIn({ state }, 'blueGreen') && isGated(stored) && world.services.get(activeService)?.hash === '';
}

/**
 * Whether a Service of stable's users that selects all pods is turned to what stable has, be it less than it should
 * have: after an abort at once, in an update when that has waited for stable as long as it should.
 */
export function turnsToPart({ world, state }: Pick<Situation, 'world' | 'state'>): boolean {
  const { spec, status } = world.rollout;
  const isOnItsWay = isIn({ state }, 'canary', 'blueGreen');
  return isIn({ state }, 'aborted') || (isOnItsWay && isPatienceOver({ spec, status, now: world.now }));
}

/** Whether a stable Service selects the pods of all revisions: what it is given is not given to stable alone. */
export function isStableServiceOpen(situation: Pick<Situation, 'world' | 'stored'>): boolean {
  const { services } = situation.world;
  return allSidesOf(situation).some(({ stableService }) => services.get(stableService)?.hash === '');
}

function isAnySideOpen(situation: Asked): boolean {
  const { services, traffic } = situation.world;
  const isCanaryOpen = allSidesOf(situation).some(({ canaryService }) => services.get(canaryService)?.hash === '');
  const isStableOpen = isStableServiceOpen(situation);
  return traffic.some(
    ({ reading: { canaryWeight, stableWeight, hashes } }) =>
      (stableWeight !== 0 && (isStableOpen || hashes?.stable === '')) ||
      (canaryWeight !== 0 && (isCanaryOpen || hashes?.canary === '')),
  );
}
