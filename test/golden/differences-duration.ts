import { pauseDuration } from '../../src/api/pause-duration.ts';
import { progressDeadlineSeconds } from '../../src/api/rollout-defaults.ts';
import { parseDuration } from '../../src/base/duration.ts';
import { parseInstant } from '../../src/base/instant.ts';
import type { Difference } from './difference.ts';
import type { DurationInput, DurationOutput } from './run-duration-window.ts';

/** Where times differ from the reference on purpose. */
export const durationDifferences: readonly Difference<DurationInput, DurationOutput>[] = [
  {
    name: 'seconds beyond 32 bits',
    reason:
      'The reference keeps the seconds of a pause in 32 bits and wraps around (bug class B). Ours calls such a pause ' +
      'invalid, which counts as −1, as any other text that is no duration.',
    fields: ['seconds'],
    values: (_expected, actual) => actual === -1,
    applies: (input) => {
      if (input.kind !== 'pause-duration') return false;
      const duration = parseDuration(String(input.pause.duration ?? ''));
      return duration.ok && Math.abs(duration.value) / 1000 >= 2 ** 31;
    },
  },
  {
    name: 'no time is cut short',
    reason:
      'Stored times are cut to whole seconds, so in the reference pauses and deadlines are over up to a second early ' +
      '(Appendix E, defect 8). Ours counts that second in.',
    fields: ['completed', 'timedOut'],
    values: (expected, actual) => expected === true && actual === false,
    applies: (input) => {
      const overdueMs = overdue(input);
      return overdueMs !== undefined && overdueMs > 0 && overdueMs < 1000;
    },
  },
];

/** How long the time of a case has been over, in milliseconds; undefined when it has none. */
function overdue(input: DurationInput): number | undefined {
  switch (input.kind) {
    case 'pause-step': {
      const pause = input.status?.pauseConditions?.find(({ reason }) => reason === 'CanaryPauseStep');
      const duration = pauseDuration(input.pause);
      return duration.kind === 'seconds' ? since(pause?.startTime, duration.seconds, input.now) : undefined;
    }
    case 'progress-deadline': {
      const progressing = input.status?.conditions?.find(({ type }) => type === 'Progressing');
      return since(progressing?.lastUpdateTime, progressDeadlineSeconds(input.spec), input.now);
    }
    default:
      return undefined;
  }
}

function since(start: string | undefined, seconds: number, now: string): number | undefined {
  const startMs = parseInstant(start ?? '');
  return startMs === undefined ? undefined : (parseInstant(now) ?? 0) - startMs - seconds * 1000;
}
