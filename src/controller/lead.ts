import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ClusterPort } from '../cluster/port.ts';
import { FencedCluster } from './fenced-cluster.ts';
import type { Leadership } from './leadership.ts';
import type { Term } from './lease-term.ts';
import { within } from './within.ts';

/** Something that works while this process leads. A controller is one. */
export interface Work {
  /** Resolves when it works. Rejects when it cannot begin. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What leading needs. */
export interface LeadOptions {
  readonly leadership: Leadership;
  /** Where the work writes to; every write is checked against the lease. */
  readonly cluster: ClusterPort;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes the work of one term. Its cluster refuses writes when the term is over. */
  make(cluster: ClusterPort): Work;
  /** Told when the work has begun and when it has ended. */
  onChange?(state: 'leading' | 'waiting'): void;
}

/** The work gets so long to end in order before the lease is given back. */
const stopTimeoutMs = 900;
const drainTimeoutMs = 150;

/**
 * Works while this process leads, and stands for election again after a term is lost. Ends when the signal aborts: the
 * work is stopped, then the lease is given back, all in less than 2 s. Rejects when the work of a term cannot begin.
 */
export async function lead(options: LeadOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const term = await options.leadership.campaign(signal).catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    if (term !== undefined) await serve(options, term, signal);
  }
}

async function serve(options: LeadOptions, term: Term, signal: AbortSignal): Promise<void> {
  const fence = new FencedCluster(options.cluster, term);
  const work = options.make(fence);
  const ended = firstAborted(term.over, signal);
  try {
    // A start that hangs must not keep a term that is over.
    const started = await Promise.race([work.start().then(() => true), ended.then(() => false)]);
    if (started) options.onChange?.('leading');
    await ended;
  } finally {
    options.onChange?.('waiting');
    await within(options, stopTimeoutMs, 'the work did not end in time', () => work.stop());
    await within(options, drainTimeoutMs, 'requests were still under way', () => fence.close());
    await term.resign();
  }
}

function firstAborted(...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}
