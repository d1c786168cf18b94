import type { Condition } from './condition.ts';
import type { Stage } from './stage.ts';

/** Something that is done in a scenario. Nobody waits for it: what it sends is answered as time passes. */
export type Act = (stage: Stage) => Promise<void>;

/** When something is done. */
export type Trigger =
  /** Before everything else, one after the other. */
  | { readonly kind: 'setup' }
  | { readonly kind: 'at'; readonly atMs: number }
  /** When a condition is met, after everything that stands above it was done. */
  | { readonly kind: 'when'; readonly condition: Condition; readonly laterMs: number };

/** One line of a scenario that does something. */
export interface ScenarioStep {
  readonly line: number;
  /** As it is written. */
  readonly text: string;
  readonly trigger: Trigger;
  readonly act: Act;
}

/** A promise that is written by hand. */
export type Promised =
  | {
      readonly kind: 'never';
      readonly condition: Condition;
      readonly fromMs: number;
      readonly untilMs: number;
    }
  | { readonly kind: 'within'; readonly condition: Condition; readonly fromMs: number; readonly untilMs: number }
  | { readonly kind: 'finally'; readonly condition: Condition };

export type ScenarioPromise = Promised & { readonly line: number; readonly text: string };

/** A scenario as it is written: what is done, what must hold, and what happened when it was last looked at. */
export interface Scenario {
  readonly name: string;
  readonly steps: readonly ScenarioStep[];
  readonly promises: readonly ScenarioPromise[];
  /** When it is over; undefined means when nothing happens any more. */
  readonly untilMs: number | undefined;
  /** The part above the line, as it is written. */
  readonly head: string;
  /** The lines below it: what happens. */
  readonly golden: readonly string[];
}
