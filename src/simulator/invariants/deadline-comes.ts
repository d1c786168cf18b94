import { listOf, numberOf, recordOf } from '../../api/json-access.ts';
import { PerRollout, type Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';

/** L3: an update that does not get on says so, every time. */
export function deadlineComes(reactionMs: number): Invariant {
  const states = new PerRollout(() => ({ news: '', sinceMs: 0 }));
  return {
    id: 'L3',
    rule: 'an update without progress exceeds its deadline, every time',
    onTime(picture) {
      const state = states.of(picture);
      const news = newsOf(picture);
      // Time in which nothing is expected does not count: what is stuck is so since the end of it.
      if (news !== state.news || !countsTime(picture)) Object.assign(state, { news, sinceMs: picture.nowMs });
      const deadlineMs = (numberOf(picture.spec['progressDeadlineSeconds']) ?? 600) * 1000;
      const stuckMs = picture.nowMs - state.sinceMs;
      return stuckMs > deadlineMs + reactionMs
        ? `there was no progress for ${stuckMs} ms, and nobody says so`
        : undefined;
    },
  };
}

/** Whatever might be progress. */
function newsOf({ status, sets, canaryWeight, currentHash, stepIndex }: RolloutPicture): string {
  const pods = sets.map(({ hash, replicas, available }) => `${hash} ${available}/${replicas}`).toSorted();
  return [currentHash, stepIndex, canaryWeight, status['abort'] === true, ...pods].join(' ');
}

/** Time counts while an update is on its way and waits for neither people nor evidence; a restart is no update. */
function countsTime(picture: RolloutPicture): boolean {
  const { spec, status, steps, stepIndex, blueGreen, sets } = picture;
  const waits =
    picture.isComplete ||
    spec['paused'] === true ||
    status['abort'] === true ||
    listOf(status['pauseConditions']).length > 0 ||
    ['analysis', 'plugin'].some((kind) => recordOf(steps[stepIndex])[kind] !== undefined) ||
    blueGreen?.['prePromotionAnalysis'] !== undefined ||
    blueGreen?.['postPromotionAnalysis'] !== undefined ||
    sets.some(({ deadlineMs, replicas }) => deadlineMs !== undefined && replicas > 0);
  return !waits && status['phase'] === 'Progressing';
}
