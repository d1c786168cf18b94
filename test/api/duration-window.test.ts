import assert from 'node:assert/strict';
import test from 'node:test';

import { canaryStepText } from '../../src/api/canary-step-kind.ts';
import type { PauseStep } from '../../src/api/canary-step.ts';
import { pauseDuration } from '../../src/api/pause-duration.ts';
import { pauseStepProgress } from '../../src/api/pause-step-progress.ts';
import { progressDeadline } from '../../src/api/progress-deadline.ts';
import { rollbackOf, type RevisionAge } from '../../src/api/rollback-window.ts';
import type { RolloutSpec, RolloutStatus, RolloutStrategy } from '../../src/api/rollout.ts';
import {
  abortScaleDownDelay,
  scaleDownDelaySeconds,
  scaleDownRemainingMs,
  scaleDownRevisionLimit,
} from '../../src/api/scale-down-delay.ts';
import { parseDuration } from '../../src/base/duration.ts';
import { parseInstant } from '../../src/base/instant.ts';
import { unreachable } from '../../src/base/invariant.ts';
import { readGolden } from '../golden/read-golden.ts';

interface ReplicaSetInput {
  readonly name: string;
  readonly podTemplateHash: string;
  readonly createdAtSecond: number;
  readonly experiment?: boolean;
}

type Input =
  | { readonly kind: 'pause-duration'; readonly pause: PauseStep }
  | { readonly kind: 'metric-duration'; readonly value: string }
  | { readonly kind: 'scale-down-delay'; readonly strategy: RolloutStrategy }
  | { readonly kind: 'scale-down-deadline'; readonly deadline?: string; readonly now: string }
  | { readonly kind: 'pause-step'; readonly pause: PauseStep; readonly status: RolloutStatus; readonly now: string }
  | {
      readonly kind: 'rollback-window';
      readonly spec: RolloutSpec;
      readonly replicaSets: readonly ReplicaSetInput[];
      readonly newRS: string | null;
      readonly stableRS: string | null;
    }
  | {
      readonly kind: 'progress-deadline';
      readonly spec: RolloutSpec;
      readonly status: RolloutStatus;
      readonly now: string;
    };

type Output = Readonly<Record<string, unknown>>;

function answer(input: Input): Output {
  switch (input.kind) {
    case 'pause-duration':
      return { seconds: pauseSeconds(input.pause), stepText: canaryStepText({ pause: input.pause }) };
    case 'metric-duration': {
      const parsed = parseDuration(input.value);
      return parsed.ok ? { seconds: parsed.value / 1000 } : { error: parsed.error };
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
    case 'pause-step':
      return { completed: pauseStepProgress(input.pause, input.status, instant(input.now)).kind === 'completed' };
    case 'rollback-window': {
      const revisions = new Map(input.replicaSets.map((replicaSet) => [replicaSet.name, ageOf(replicaSet)]));
      const find = (name: string | null): RevisionAge | undefined => (name === null ? undefined : revisions.get(name));
      return { ...rollbackOf(input.spec, [...revisions.values()], find(input.newRS), find(input.stableRS)) };
    }
    case 'progress-deadline':
      return { timedOut: progressDeadline(input.spec, input.status, instant(input.now)).kind === 'exceeded' };
    default:
      return unreachable(input);
  }
}

function deadlineAnswer(deadline: string | undefined, nowMs: number): Output {
  if (deadline === undefined || deadline === '') return { hasDeadline: false, remainingSeconds: null };
  const remaining = scaleDownRemainingMs(deadline, nowMs);
  if (!remaining.ok) return { hasDeadline: true, remainingSeconds: null, error: remaining.error };
  return { hasDeadline: true, remainingSeconds: remaining.value === 0 ? null : remaining.value / 1000 };
}

function pauseSeconds(pause: PauseStep): number {
  const duration = pauseDuration(pause);
  if (duration.kind === 'indefinite') return 0;
  return duration.kind === 'seconds' ? duration.seconds : -1;
}

function ageOf(replicaSet: ReplicaSetInput): RevisionAge {
  return {
    hash: replicaSet.podTemplateHash,
    createdAtMs: replicaSet.createdAtSecond * 1000,
    experiment: replicaSet.experiment,
  };
}

function instant(text: string): number {
  const instantMs = parseInstant(text);
  assert.ok(instantMs !== undefined, text);
  return instantMs;
}

/**
 * The reference keeps seconds in 32 bits and wraps; ours calls such a pause invalid. Both are refused by validation.
 */
function withoutWrapAround(expected: Output): Output {
  return expected['seconds'] === -(2 ** 31) ? { ...expected, seconds: -1 } : expected;
}

for (const { name, input, expected } of readGolden<Input, Output>('duration-window.json')) {
  test(`duration window, ${name}`, () => {
    const actual = answer(input);
    for (const [key, value] of Object.entries(withoutWrapAround(expected))) {
      // Error texts are ours; that there is one must agree.
      if (key === 'error') assert.equal(typeof actual[key], 'string');
      else assert.deepEqual(actual[key], value, key);
    }
    assert.equal('error' in actual, 'error' in expected);
  });
}
