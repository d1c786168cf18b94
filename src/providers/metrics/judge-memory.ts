import type { EventCounts } from '../../analysis/judge/bad-events.ts';
import {
  emptyCounters,
  readCounters,
  type CounterDeltas,
  type CounterMemory,
  type PodReading,
} from '../../analysis/judge/counters.ts';
import type { BadEventKind } from '../../analysis/judge/judge-settings.ts';
import { incrementProblem, type KindLook } from '../../analysis/judge/judge.ts';
import { addCounts, type PodCount } from '../../analysis/judge/pod-bets.ts';
import { addIncrements, emptyIncrement, type Increment } from '../../analysis/judge/sequential-test.ts';
import type { MetricTarget } from './contract.ts';

/**
 * What is kept in memory of one kind of bad event between rounds. Both sides are compared over the same time: counts of
 * one side wait here until the other side was read too, because a burst that hit both would otherwise be charged to the
 * side that was read late.
 */
export interface KindMemory {
  readonly counters: CounterMemory;
  readonly waiting: Increment;
  /** The same by pod. */
  readonly waitingPods: NonNullable<KindLook['pods']>;
  readonly canaryRead: boolean;
  readonly stableRead: boolean;
  /** A stable pod was missing in a round since the last look. */
  readonly stableMissed: boolean;
  /** When both sides were last compared. */
  readonly comparedAtMs: number;
}

/** What one round knows of one kind. */
export interface KindRound {
  readonly readings: readonly TargetReading[];
  /** Every stable pod that could be counted was, and the metric is there. */
  readonly stableComplete: boolean;
  /** Turns counter deltas of one pod into events. */
  readonly count: (deltas: ReadonlyMap<string, number>) => EventCounts;
  /** Whether the counts of a pod are left out for now: its warm-up. */
  readonly isWarmingUp: (target: MetricTarget) => boolean;
  readonly nowMs: number;
  /** A pod that is further behind the last comparison than this starts anew. */
  readonly gapMs: number;
}

export interface TargetReading extends PodReading {
  readonly target: MetricTarget;
}

/** An empty memory. */
export function emptyKindMemory(nowMs: number): KindMemory {
  return {
    counters: emptyCounters(nowMs),
    waiting: emptyIncrement,
    waitingPods: noPods,
    canaryRead: false,
    stableRead: false,
    stableMissed: false,
    comparedAtMs: nowMs,
  };
}

/** Takes a round in. `look` is there when both sides were read since the last one. */
export function foldKind(
  kind: BadEventKind,
  memory: KindMemory,
  round: KindRound,
): { readonly memory: KindMemory; readonly look?: KindLook; readonly notes: readonly string[] } {
  const read = readCounters(memory.counters, round.readings, memory.comparedAtMs - round.gapMs);
  const { increment, pods, notes } = countRound(kind, round, read.results);
  const next: KindMemory = {
    ...memory,
    counters: read.memory,
    waiting: addIncrements(memory.waiting, increment),
    waitingPods: {
      canary: addCounts(memory.waitingPods.canary, pods.canary),
      stable: addCounts(memory.waitingPods.stable, pods.stable),
    },
    canaryRead: memory.canaryRead || hasSide(round, 'canary'),
    stableRead: memory.stableRead || hasSide(round, 'stable'),
    stableMissed: memory.stableMissed || !round.stableComplete,
  };
  if (!next.canaryRead || !next.stableRead) return { memory: next, notes };
  return {
    memory: { ...emptyKindMemory(round.nowMs), counters: read.memory },
    look: { increment: next.waiting, stableRead: !next.stableMissed, pods: next.waitingPods },
    notes,
  };
}

function countRound(
  kind: BadEventKind,
  round: KindRound,
  results: readonly CounterDeltas[],
): { readonly increment: Increment; readonly pods: KindMemory['waitingPods']; readonly notes: readonly string[] } {
  const targets = new Map(round.readings.map(({ pod, target }) => [pod, target]));
  const notes: string[] = [];
  let sum = emptyIncrement;
  const pods: Record<MetricTarget['role'], Record<string, PodCount>> = { canary: {}, stable: {} };
  for (const { reading, deltas, note } of results) {
    if (note !== undefined) notes.push(note);
    const target = targets.get(reading.pod);
    if (deltas === undefined || target === undefined || round.isWarmingUp(target)) continue;
    const counts = round.count(deltas);
    const increment = incrementOf(target, counts);
    const problem = incrementProblem(increment, kind.unit);
    if (problem === undefined) {
      sum = addIncrements(sum, increment);
      pods[target.role] = addCounts(pods[target.role], { [reading.pod]: counts });
    } else notes.push(`${reading.pod}: ${problem}; left out`);
  }
  return { increment: sum, pods, notes };
}

const noPods: KindMemory['waitingPods'] = { canary: {}, stable: {} };

function hasSide({ readings }: KindRound, role: MetricTarget['role']): boolean {
  return readings.some(({ target }) => target.role === role);
}

function incrementOf({ role }: MetricTarget, { total, bad }: EventCounts): Increment {
  return role === 'canary'
    ? { ...emptyIncrement, canaryTotal: total, canaryBad: bad }
    : { ...emptyIncrement, stableTotal: total, stableBad: bad };
}
