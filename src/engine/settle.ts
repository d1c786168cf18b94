import { createActor, type AnyMachineSnapshot, type SnapshotFrom } from 'xstate';

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
  const scope = scopeOf(chart, stored);
  const snapshot = chart.getInitialSnapshot(scope, { stored });
  return {
    restored: describe(snapshot),
    settle(facts) {
      return describe(chart.transition(snapshot, { type: 'OBSERVED', facts }, scope));
    },
  };
}

type Scope = Parameters<(typeof machine)['getInitialSnapshot']>[0];

const scopes = new WeakMap<typeof machine, Scope>();

/**
 * What the library asks of whoever takes a step: an actor, which is never started, and ways out that lead nowhere. Its
 * own pure functions make one for every call, without input, so that a chart with input fails inside of each of them,
 * and that costs more than the step.
 */
function scopeOf(chart: typeof machine, stored: Stored): Scope {
  const known = scopes.get(chart);
  if (known !== undefined) return known;
  const self = createActor(chart, { input: { stored } });
  const nowhere = (): void => undefined;
  const scope: Scope = {
    self,
    system: self.system,
    id: '',
    sessionId: '',
    logger: nowhere,
    defer: nowhere,
    emit: nowhere,
    stopChild: nowhere,
    actionExecutor: nowhere,
  };
  scopes.set(chart, scope);
  return scope;
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
