import type { BadEventKind } from './judge-settings.ts';

/**
 * How the capital of one kind of bad event is divided between its tests. Mixed by weights the evidence keeps the level
 * alpha whatever its dependence; "one or the other" would not. Capital may be moved between tests by what the past
 * shows: who gambles fairly at several tables wins nothing by carrying chips from one to another.
 */
export interface Capital {
  /** Log of the capital that each test began with, or was moved to it. */
  readonly logs: Readonly<Record<keyof typeof robust, number>>;
  /** Capital that was moved to the ratio test; 0 while it does not bet. */
  readonly moved: number;
}

/**
 * Without the ratio test. A canary that answers only badly is found within 12 looks at every share as long as the
 * difference bet has at least 24 % of all the capital, over all kinds.
 */
const robust = { share: 0.57, difference: 0.345, ratio: 0, pods: 0.085 };
/** Part that each test gives up for the ratio test; each keeps enough to find what that test does not. */
const movedPart = 0.88;
/** A kind without a bounded ratio has no difference bet, and its pods are few: a restarting one is one of its own. */
const counted = { share: 1, difference: 0, ratio: 0, pods: 0 };

/** Evidence of nothing: a log that no sum notices and that survives JSON. */
const nothing = -1e6;

/** The division at the start. */
export function initialCapital({ unit }: BadEventKind, usesRatio: boolean): Capital {
  const { share, difference, ratio, pods } = unit === 'podSeconds' ? counted : robust;
  const logs = { share: logOf(share), difference: logOf(difference), ratio: logOf(ratio), pods: logOf(pods) };
  return usesRatio ? moveToRatio({ logs, moved: 0 }, 0) : { logs, moved: 0 };
}

/** All of it times a factor, given by its log. */
export function scaleCapital({ logs, moved }: Capital, log: number): Capital {
  return {
    logs: {
      share: logs.share + log,
      difference: logs.difference + log,
      ratio: logs.ratio + log,
      pods: logs.pods + log,
    },
    moved: moved * Math.exp(log),
  };
}

/** Moves capital to the ratio test, which begins anew with it. `evidence` is that of the whole kind. */
export function moveToRatio({ logs }: Capital, evidence: number): Capital {
  const left = Math.log1p(-movedPart);
  return {
    logs: {
      share: logs.share + left,
      difference: logs.difference + left,
      pods: logs.pods + left,
      ratio: evidence + Math.log(movedPart),
    },
    moved: movedPart * Math.exp(evidence),
  };
}

/**
 * Takes the capital of the ratio test back and gives it to the share bet, because errors turned out to come in clumps.
 * What the test won meanwhile is not believed. The arguments are the two tests' own evidence, without their capital.
 */
export function moveToShare(capital: Capital, evidence: { readonly share: number; readonly ratio: number }): Capital {
  const { logs, moved } = capital;
  const returned = Math.min(moved, Math.exp(logs.ratio + evidence.ratio));
  const share = Math.exp(logs.share + evidence.share) + returned;
  return { logs: { ...logs, share: Math.log(share) - evidence.share, ratio: nothing }, moved: 0 };
}

function logOf(part: number): number {
  return part > 0 ? Math.log(part) : nothing;
}
