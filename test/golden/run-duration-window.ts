import { canaryStepText } from '../../src/api/canary-step-kind.ts';
import type { PauseStep } from '../../src/api/canary-step.ts';
import { pauseDuration } from '../../src/api/pause-duration.ts';
import { pauseStepProgress } from '../../src/api/pause-step-progress.ts';
import { progressDeadline } from '../../src/api/progress-deadline.ts';
import { rollbackOf, type RevisionAge } from '../../src/api/rollback-window.ts';
import type { RolloutSpec, RolloutStatus, RolloutStrategy } from '../../src/api/rollout.ts';
import { abortScaleDownDelay, scaleDownDelaySeconds, scaleDownRevisionLimit } from '../../src/api/scale-down-delay.ts';
import { parseDuration } from '../../src/base/duration.ts';
import { parseInstant } from '../../src/base/instant.ts';
import { invariant, unreachable } from '../../src/base/invariant.ts';

/** A ReplicaSet as a case of rollback-window has it. */
interface ReplicaSetInput {
  readonly name: string;
  readonly podTemplateHash: string;
  readonly createdAtSecond: number;
  readonly experiment?: boolean;
}

/** The input of a case of duration-window.json. */
export type DurationInput =
  | { readonly kind: 'pause-duration'; readonly pause: PauseStep }
  | { readonly kind: 'metric-duration'; readonly value: string }
  | { readonly kind: 'scale-down-delay'; readonly strategy?: RolloutStrategy }
  | { readonly kind: 'scale-down-deadline'; readonly deadline?: string; readonly now: string }
  | { readonly kind: 'pause-step'; readonly pause: PauseStep; readonly status?: RolloutStatus; readonly now: string }
  | {
      readonly kind: 'rollback-window';
      readonly spec?: RolloutSpec;
      readonly replicaSets?: readonly ReplicaSetInput[];
      readonly newRS?: string | null;
      readonly stableRS?: string | null;
    }
  | {
      readonly kind: 'progress-deadline';
      readonly spec: RolloutSpec;
      readonly status?: RolloutStatus;
      readonly now: string;
    };

/** An answer; `error` is true where there is one, because its text is free. */
export type DurationOutput = Readonly<Record<string, unknown>>;

/** Functions that a case may ask for. */
export const durationKinds: readonly string[] = [
  'pause-duration',
  'metric-duration',
  'scale-down-delay',
  'scale-down-deadline',
  'pause-step',
  'rollback-window',
  'progress-deadline',
] satisfies readonly DurationInput['kind'][];

/** Runs one case of duration-window.json. */
export function runDurationWindow(input: DurationInput): DurationOutput {
  switch (input.kind) {
    case 'pause-duration':
      return { seconds: pauseSeconds(input.pause), stepText: canaryStepText({ pause: input.pause }) };
    case 'metric-duration': {
      const parsed = parseDuration(input.value);
      return parsed.ok ? { seconds: parsed.value / 1000 } : { error: true };
    }
    case 'scale-down-delay': {
      const abort = abortScaleDownDelay(input.strategy);
      return {
        abortDelayExplicit: abort.explicit,
        abortScaleDownDelaySeconds: abort.seconds ?? null,
        scaleDownDelaySeconds: scaleDownDelaySeconds(input.strategy),
        scaleDownRevisionLimit: scaleDownRevisionLimit(input.strategy),
      };
    }
    case 'scale-down-deadline':
      return deadlineAnswer(input.deadline, instant(input.now));
    case 'pause-step': {
      const { kind } = pauseStepProgress(input.pause, input.status ?? {}, instant(input.now));
      return { completed: kind === 'completed' };
    }
    case 'rollback-window':
      return { ...rollbackAnswer(input) };
    case 'progress-deadline':
      return { timedOut: progressDeadline(input.spec, input.status ?? {}, instant(input.now)).kind === 'exceeded' };
    default:
      return unreachable(input);
  }
}

/** The parts of our answer that a recorded answer speaks of, and whether there is an error. */
export function askedParts(actual: DurationOutput, recorded: DurationOutput): DurationOutput {
  const asked = Object.entries(actual).filter(([key]) => key in recorded || key === 'error');
  return Object.fromEntries(asked);
}

/** A recorded answer without the text of its error. */
export function withoutErrorText(recorded: DurationOutput): DurationOutput {
  return 'error' in recorded ? { ...recorded, error: true } : recorded;
}

function deadlineAnswer(deadline: string | undefined, nowMs: number): DurationOutput {
  if (deadline === undefined || deadline === '') return { hasDeadline: false, remainingSeconds: null };
  const deadlineMs = parseInstant(deadline);
  if (deadlineMs === undefined) return { hasDeadline: true, remainingSeconds: null, error: true };
  return { hasDeadline: true, remainingSeconds: deadlineMs <= nowMs ? null : (deadlineMs - nowMs) / 1000 };
}

function pauseSeconds(pause: PauseStep): number {
  const duration = pauseDuration(pause);
  if (duration.kind === 'indefinite') return 0;
  return duration.kind === 'seconds' ? duration.seconds : -1;
}

function rollbackAnswer(input: DurationInput & { readonly kind: 'rollback-window' }): object {
  const { spec = {}, replicaSets = [], newRS, stableRS } = input;
  const revisions = new Map(replicaSets.map((replicaSet) => [replicaSet.name, ageOf(replicaSet)]));
  const find = (name: string | null | undefined): RevisionAge | undefined => revisions.get(name ?? '');
  return rollbackOf(spec, [...revisions.values()], find(newRS), find(stableRS));
}

function ageOf({ podTemplateHash, createdAtSecond, experiment }: ReplicaSetInput): RevisionAge {
  return { hash: podTemplateHash, createdAtMs: createdAtSecond * 1000, experiment };
}

function instant(text: string): number {
  const instantMs = parseInstant(text);
  invariant(instantMs !== undefined, `${text} is an instant`);
  return instantMs;
}
