import type { Commit } from '../ledger.ts';
import type { SentCall } from '../sent-call.ts';
import type { RolloutPicture } from './rollout-picture.ts';

/**
 * One thing that must never happen. It judges from the log of the cluster and from what the proxies do, and knows
 * nothing of how the engine decides. Every method answers what is wrong, or nothing.
 */
export interface Invariant {
  /** As the safety specification numbers it, e.g. `I03`. */
  readonly id: string;
  /** The rule in one line. */
  readonly rule: string;
  /** A write was committed that concerns a Rollout; the picture shows the cluster after it. */
  onCommit?(commit: Commit, picture: RolloutPicture): string | undefined;
  /** The controller sends a call that would change the cluster. */
  onSend?(call: SentCall): string | undefined;
  /** The controller has looked at a Rollout. */
  onPass?(picture: RolloutPicture): string | undefined;
  /** Time has passed: called for every known Rollout about once a second of the simulation while anything happens. */
  onTime?(picture: RolloutPicture): string | undefined;
  /** Nothing happens any more: called once for every Rollout that is there. */
  onEnd?(picture: RolloutPicture): string | undefined;
}

/** A rule that was broken. */
export interface Violation {
  readonly id: string;
  /** Milliseconds since the simulation began. */
  readonly atMs: number;
  /** `namespace/name` of the Rollout; empty when it concerns none. */
  readonly rollout: string;
  readonly message: string;
}

/** A violation in one line. */
export function violationText({ id, atMs, rollout, message }: Violation): string {
  return `${id} at ${(atMs / 1000).toFixed(3)} s ${rollout}: ${message}`;
}

/** State that an invariant keeps for each Rollout. */
export class PerRollout<State> {
  readonly #states = new Map<string, State>();
  readonly #make: () => State;

  constructor(make: () => State) {
    this.#make = make;
  }

  of(picture: RolloutPicture): State {
    const present = this.#states.get(picture.uid);
    if (present !== undefined) return present;
    const state = this.#make();
    this.#states.set(picture.uid, state);
    return state;
  }
}
