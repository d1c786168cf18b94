import { initialTransition, transition, type AnyMachineSnapshot, type SnapshotFrom } from 'xstate';

import type { Facts } from './facts.ts';
import { machine } from './machine.ts';
import type { Stored } from './stored.ts';

type Snapshot = SnapshotFrom<typeof machine>;

/** A state of the statechart in plain words. */
export interface ChartState {
  /** Path of the state, e.g. `canary.step.pause.waiting`. */
  readonly path: string;
  readonly stepIndex: number;
  /** What specification and status say in this state: after a new template, as if the status were reset already. */
  readonly stored: Stored;
}

/** The state that specification and status alone lead to, and the state it settles in once the facts are known. */
export interface Settlement {
  readonly restored: ChartState;
  settle(facts: Facts): ChartState;
}

/** Restores the state of a Rollout. Total and pure. `chart` is only replaced to try wrong guards. */
export function restore(stored: Stored, chart: typeof machine = machine): Settlement {
  const [snapshot] = initialTransition(chart, { stored });
  return {
    restored: describe(snapshot),
    settle(facts) {
      const [settled] = transition(chart, snapshot, { type: 'OBSERVED', facts });
      return describe(settled);
    },
  };
}

function describe(snapshot: Snapshot): ChartState {
  return {
    path: pathOf(snapshot.value),
    stepIndex: snapshot.context.stepIndex,
    stored: snapshot.context.stored,
  };
}

function pathOf(value: AnyMachineSnapshot['value']): string {
  if (typeof value === 'string') return value;
  const [entry] = Object.entries(value as Record<string, AnyMachineSnapshot['value']>);
  return entry === undefined ? '' : `${entry[0]}.${pathOf(entry[1])}`;
}
