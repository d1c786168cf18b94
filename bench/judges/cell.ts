import type { Json } from '../../src/api/object.ts';
import type { Scenario } from './scenario.ts';

/** One scenario with everything that the report says about it. */
export interface Cell {
  /** Family and description; unique. Part of the seed of each run, so that renaming a cell plays other runs. */
  readonly id: string;
  readonly family: number;
  /** Whether a rollback would be a false alarm. */
  readonly isHealthy: boolean;
  readonly scenario: Scenario;
  /**
   * Stable bad ratio and how many times it the canary's is, where both are constant: what the bounds are computed of.
   */
  readonly harm?: { readonly stableRatio: number; readonly ratio: number };
  /** Errors are independent of each other, so that tests that rely on it may be asked too. */
  readonly isIndependent: boolean;
  /** The only runs that are played of an expensive cell, where fewer than elsewhere. */
  readonly runsMax?: number;
}

/** The sixteen families by number, from 1 on. */
export const families: readonly string[] = [
  'error step',
  'small regression',
  'latency tail',
  'latency body',
  'memory and CPU',
  'low traffic',
  'diurnal and ramp',
  'per-arm noise',
  'shared bursts',
  'clumped errors',
  'cold start',
  'missing data',
  'resets and restarts',
  'two classes of pods',
  'one bad pod',
  'late onset',
];

type CellPart = Omit<Cell, 'id' | 'family' | 'isHealthy' | 'scenario' | 'isIndependent'> & {
  readonly isIndependent?: boolean;
};

/** A release that is as good as the stable revision. */
export function healthyCell(family: number, name: string, scenario: Scenario, part: CellPart = {}): Cell {
  return { isIndependent: true, ...part, id: `${family} healthy: ${name}`, family, isHealthy: true, scenario };
}

/** A release that is worse. */
export function badCell(family: number, name: string, scenario: Scenario, part: CellPart = {}): Cell {
  return { isIndependent: true, ...part, id: `${family} bad: ${name}`, family, isHealthy: false, scenario };
}

/** Adds configuration of our judge to a scenario. */
export function configured(scenario: Scenario, configuration: { readonly [key: string]: Json }): Scenario {
  return { ...scenario, configuration };
}
