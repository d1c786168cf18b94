import { sleep } from '../../../base/clock.ts';
import type { Probe } from '../workloads/shapes.ts';
import { runAction, type ActionTarget } from './run-action.ts';

const eagerPeriodMs = 1000;

/** Told after each time that a threshold is reached: the probe now counts as succeeding or as failing. */
export type ProbeVerdict = (isSuccess: boolean, message: string) => void;

/**
 * Runs a probe again and again until the signal aborts. A verdict comes after `successThreshold` successes or
 * `failureThreshold` failures in a row, and again after each further one. An eager probe is tried every second until
 * it has succeeded for the first time, however long its period: a program that has just come up need not wait.
 */
export async function watchProbe(
  probe: Probe,
  target: ActionTarget,
  onVerdict: ProbeVerdict,
  signal: AbortSignal,
  isEager = false,
): Promise<void> {
  const { clock } = target;
  const limits = limitsOf(probe);
  let successCount = 0;
  let failureCount = 0;
  let isUnproven = isEager;
  let waitMs = limits.initialDelayMs;
  while (await hasWaited(target, waitMs, signal)) {
    const since = clock.monotonic();
    const result = await runAction(probe, target, limits.timeoutMs, signal);
    if (signal.aborted) return;
    successCount = result.ok ? successCount + 1 : 0;
    failureCount = result.ok ? 0 : failureCount + 1;
    if (successCount >= limits.successThreshold) onVerdict(true, '');
    if (!result.ok && failureCount >= limits.failureThreshold) onVerdict(false, result.error);
    isUnproven &&= !result.ok;
    const periodMs = isUnproven ? Math.min(limits.periodMs, eagerPeriodMs) : limits.periodMs;
    waitMs = Math.max(periodMs - (clock.monotonic() - since), 0);
  }
}

/** The numbers of a probe with the defaults of the API. */
function limitsOf(probe: Probe) {
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1 } = probe;
  const { successThreshold = 1, failureThreshold = 3 } = probe;
  return {
    initialDelayMs: initialDelaySeconds * 1000,
    periodMs: Math.max(periodSeconds, 1) * 1000,
    timeoutMs: Math.max(timeoutSeconds, 1) * 1000,
    successThreshold,
    failureThreshold,
  };
}

async function hasWaited({ clock }: ActionTarget, waitMs: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  try {
    if (waitMs > 0) await sleep(clock, waitMs, signal);
    return true;
  } catch {
    return false;
  }
}
