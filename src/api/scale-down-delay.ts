import { formatInstant } from '../base/instant.ts';
import type { RolloutStrategy } from './rollout.ts';

/** Seconds that an old ReplicaSet is kept when the strategy does not say. */
const delaySecondsDefault = 30;

/** Revisions that wait for their scale-down at once when the strategy does not say: no limit of practical meaning. */
const revisionLimitDefault = 2 ** 31 - 1;

/** Seconds that the old ReplicaSet is kept after a promotion. A canary without traffic router keeps nothing: 0. */
export function scaleDownDelaySeconds(strategy: RolloutStrategy | undefined): number {
  return delayedStrategy(strategy)?.scaleDownDelaySeconds ?? fallback(strategy);
}

/** How long the new ReplicaSet is kept after an abort, and whether the strategy says so itself. */
export interface AbortScaleDownDelay {
  /** undefined means that it is never scaled down. */
  readonly seconds: number | undefined;
  readonly explicit: boolean;
}

/** The delay after an abort; an explicit 0 means never. A canary without traffic router keeps nothing: 0 seconds. */
export function abortScaleDownDelay(strategy: RolloutStrategy | undefined): AbortScaleDownDelay {
  const seconds = delayedStrategy(strategy)?.abortScaleDownDelaySeconds;
  if (seconds === undefined) return { seconds: fallback(strategy), explicit: false };
  return { seconds: seconds === 0 ? undefined : seconds, explicit: true };
}

/** How many old revisions may wait for their scale-down at once; those beyond are scaled down now. */
export function scaleDownRevisionLimit(strategy: RolloutStrategy | undefined): number {
  return (
    strategy?.blueGreen?.scaleDownDelayRevisionLimit ??
    strategy?.canary?.scaleDownDelayRevisionLimit ??
    revisionLimitDefault
  );
}

/** The end of a delay, rounded up to a whole second, as the annotation stores it: no delay is cut short. */
export function scaleDownDeadlineMs(nowMs: number, delaySeconds: number): number {
  return Math.ceil(nowMs / 1000 + delaySeconds) * 1000;
}

/** The value of the `scale-down-deadline` annotation. */
export function scaleDownDeadline(nowMs: number, delaySeconds: number): string {
  return formatInstant(scaleDownDeadlineMs(nowMs, delaySeconds));
}

/** The strategy whose delays count: blue/green, or a canary with a traffic router. */
function delayedStrategy(
  strategy: RolloutStrategy | undefined,
):
  | { readonly scaleDownDelaySeconds?: number | undefined; readonly abortScaleDownDelaySeconds?: number | undefined }
  | undefined {
  return strategy?.canary?.trafficRouting === undefined ? strategy?.blueGreen : strategy.canary;
}

function fallback(strategy: RolloutStrategy | undefined): number {
  return delayedStrategy(strategy) === undefined ? 0 : delaySecondsDefault;
}
