import { abortBound, harmlessAbort } from './abort.ts';
import { availability } from './availability.ts';
import { boundCommands } from './bound-commands.ts';
import { calm } from './calm.ts';
import { capacity } from './capacity.ts';
import { abortCompletes, comesToRest, leavesNothing } from './comes-to-rest.ts';
import { deadlineComes } from './deadline-comes.ts';
import { failClosed } from './fail-closed.ts';
import { flapping } from './flapping.ts';
import { foreignFields } from './foreign-fields.ts';
import { gates } from './gates.ts';
import type { Invariant } from './invariant.ts';
import { ledToExperiments } from './led-to-experiments.ts';
import { ledToPods } from './led-to-pods.ts';
import { ownAnalyses } from './own-analyses.ts';
import { ownWrites } from './own-writes.ts';
import { pausedTime } from './paused-time.ts';
import { podLimits } from './pod-limits.ts';
import { sameHash } from './same-hash.ts';
import { scaleDown } from './scale-down.ts';
import { stableKept } from './stable-kept.ts';
import { stableSize } from './stable-size.ts';
import { statusWeights } from './status-weights.ts';
import { stepBound } from './step-bound.ts';
import { supersede } from './supersede.ts';
import { wholeWeights } from './whole-weights.ts';

/** How strict the invariants are. Without faults the defaults hold. */
export interface Strictness {
  /** What a controller may not know yet, in milliseconds. */
  readonly graceMs: number;
  /** Within this time users leave an aborted revision, and runs that no longer matter are stopped. */
  readonly reactionMs: number;
  /** How much earlier than it seems a time may have begun to count. */
  readonly clockMs: number;
  /** How far the wall clocks of two controllers may differ, or one before and after a jump. */
  readonly skewMs: number;
  /** Writes about one Rollout in a minute. */
  readonly writesMax: number;
}

export const strictnessDefault: Strictness = {
  graceMs: 1000,
  reactionMs: 10_000,
  clockMs: 0,
  skewMs: 0,
  writesMax: 200,
};

/**
 * Every safety invariant except I16 and I23, which need more than one controller and a durable journal, and the
 * liveness properties. L4, that a good revision can always replace a broken one, is for whoever knows which are good.
 */
export function allInvariants(strictness: Strictness): readonly Invariant[] {
  const { graceMs, reactionMs, clockMs, skewMs, writesMax } = strictness;
  // Without faults news are there at once.
  const newsMs = Math.max(0, graceMs - strictnessDefault.graceMs);
  return [
    stepBound(),
    wholeWeights(),
    capacity(),
    ledToPods(),
    ledToExperiments(),
    availability(),
    podLimits(),
    stableSize(),
    scaleDown(skewMs),
    stableKept(),
    abortBound(reactionMs, newsMs),
    harmlessAbort(newsMs),
    flapping(newsMs),
    gates(clockMs),
    ownAnalyses(reactionMs),
    boundCommands(),
    ownWrites(),
    sameHash(),
    foreignFields(),
    statusWeights(graceMs),
    supersede(clockMs),
    calm(writesMax),
    failClosed(),
    pausedTime(clockMs),
    comesToRest(),
    abortCompletes(),
    deadlineComes(reactionMs),
    leavesNothing(),
  ];
}
