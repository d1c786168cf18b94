import { formatInstant } from '../base/instant.ts';
import type { Decision } from '../engine/decision.ts';
import type { ObjectName } from './object-name.ts';
import type { DecisionReport } from './view/rollout-detail.ts';

/** The newest decision about each Rollout, for people who look. */
export interface DecisionSource {
  latest(rollout: ObjectName): DecisionReport | undefined;
  /** Calls `listener` with every new decision that says something else, until the returned function is called. */
  subscribe(listener: (rollout: ObjectName) => void): () => void;
}

/** A board on which the controller writes its decisions. */
export interface DecisionBoard extends DecisionSource {
  /** Notes a decision that was made at `nowMs`, milliseconds since the epoch. */
  record(rollout: ObjectName, decision: Decision, nowMs: number): void;
}

const rolloutsMaxDefault = 20_000;

/** Makes an empty board for so many Rollouts; those that were decided about longest ago are forgotten. */
export function createDecisionBoard(rolloutsMax = rolloutsMaxDefault): DecisionBoard {
  const reports = new Map<string, DecisionReport>();
  const listeners = new Set<(rollout: ObjectName) => void>();
  return {
    record({ namespace, name }, { reason, state }, nowMs) {
      const key = `${namespace}/${name}`;
      const before = reports.get(key);
      // The same answer again is no news, and its first time says since when it holds.
      const isSame = before?.message === reason.message && before.state === state;
      reports.delete(key);
      reports.set(key, isSame ? before : { ...reason, state, at: formatInstant(nowMs) });
      const [oldest] = reports.keys();
      if (reports.size > rolloutsMax && oldest !== undefined) reports.delete(oldest);
      if (!isSame) for (const listener of listeners) listener({ namespace, name });
    },
    latest: ({ namespace, name }) => reports.get(`${namespace}/${name}`),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
