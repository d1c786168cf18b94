import type { Difference } from './difference.ts';
import type { RolloutPhaseInput, RolloutPhaseOutput } from './run-rollout-phase.ts';

const shown = ['calculated', 'phase', 'message'];

/** Where the phase differs from the reference on purpose. */
export const phaseDifferences: readonly Difference<RolloutPhaseInput, RolloutPhaseOutput>[] = [
  {
    name: 'InvalidSpec that is not True',
    reason:
      'A condition InvalidSpec with another status than True says that nothing is wrong; the reference ignores the ' +
      'status (Appendix D).',
    fields: shown,
    applies: ({ rollout: { status } }) =>
      (status.conditions ?? []).some((condition) => condition.type === 'InvalidSpec' && condition.status !== 'True'),
  },
  {
    name: 'order of conditions',
    reason:
      'The order of a list of conditions has no meaning, but decides in the reference (Appendix D). An invalid ' +
      'specification comes first, wherever it stands.',
    fields: shown,
    applies: ({ rollout: { status } }) => {
      const conditions = status.conditions ?? [];
      const invalid = conditions.findIndex(({ type }) => type === 'InvalidSpec');
      const failed = conditions.findIndex(({ reason }) =>
        ['RolloutAborted', 'ProgressDeadlineExceeded'].includes(reason),
      );
      return failed !== -1 && failed < invalid;
    },
  },
  {
    name: 'no hashes',
    reason: 'A status without hashes is about no revision yet; the reference calls it fully promoted (Appendix D).',
    fields: ['fullyPromoted', ...shown],
    applies: ({ rollout: { status } }) => (status.stableRS ?? '') === '' && (status.currentPodHash ?? '') === '',
  },
];
