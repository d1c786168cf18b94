import type { Clock } from '../../src/base/clock.ts';
import { sleep } from '../../src/base/clock.ts';
import { SluiceError } from '../../src/base/error.ts';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/cluster/embedded/embedded-cluster.ts';
import type { Call, ClusterPort } from '../../src/cluster/port.ts';
import { lead, type Work } from '../../src/controller/lead.ts';
import { Leadership } from '../../src/controller/leadership.ts';
import { VirtualClock } from '../cluster/embedded/virtual-clock.ts';

export const leaseAddress = { namespace: 'sluice-system', name: 'sluice-controller' } as const;

/** What the network does with the requests of one process. */
export type Network = 'good' | 'refuses' | 'loses answers' | 'hangs';

/** The clock of one process: it can be wrong, jump, and be paused with the process. */
export class ProcessClock implements Clock {
  readonly #base: Clock;
  readonly #held: (() => void)[] = [];
  wallShiftMs = 0;
  isPaused = false;

  constructor(base: Clock) {
    this.#base = base;
  }

  now(): number {
    return this.#base.now() + this.wallShiftMs;
  }

  /** Goes on while the process is paused, as CLOCK_MONOTONIC does. */
  monotonic(): number {
    return this.#base.monotonic();
  }

  schedule(delayMs: number, wake: () => void): () => void {
    let isCancelled = false;
    const cancel = this.#base.schedule(delayMs, () => this.whenRunning(() => isCancelled || wake()));
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  /** Runs now, or when the process goes on. */
  whenRunning(work: () => void): void {
    if (this.isPaused) this.#held.push(work);
    else work();
  }

  resume(): void {
    this.isPaused = false;
    for (const work of this.#held.splice(0)) work();
  }
}

/** A write that reached the store. */
export interface WriteSeen {
  readonly by: string;
  readonly atMs: number;
}

/** Processes that stand for election over one embedded cluster in virtual time. */
export class Stage {
  readonly clock = new VirtualClock();
  readonly cluster: EmbeddedCluster = createEmbeddedCluster({ clock: this.clock, random: seededRandom(1) });
  readonly writes: WriteSeen[] = [];
  readonly candidates: Candidate[] = [];

  /** Starts a process that, while it leads, writes every `workMs`. */
  add(name: string, workMs = 200): Candidate {
    const candidate = new Candidate(this, name, workMs);
    this.candidates.push(candidate);
    return candidate;
  }

  /** Names of those that may send something at this moment. */
  get leaders(): readonly string[] {
    return this.candidates.filter(({ isSending }) => isSending).map(({ name }) => name);
  }

  /** Lets a call happen. */
  async settle<T>(work: Promise<T>): Promise<T> {
    const [result] = await Promise.all([work, this.clock.advance(0)]);
    return result;
  }

  async end(): Promise<void> {
    for (const candidate of this.candidates) {
      candidate.network = 'good';
      candidate.clock.resume();
      candidate.stop();
    }
    await this.clock.advance(60_000);
    await Promise.all(this.candidates.map(({ ended }) => ended));
    this.cluster.close();
  }
}

/** One process. */
export class Candidate {
  readonly name: string;
  readonly clock: ProcessClock;
  readonly ended: Promise<void>;
  network: Network = 'good';
  state: 'leading' | 'waiting' = 'waiting';
  #endedAtMs: number | undefined;
  readonly #stage: Stage;
  readonly #stopping = new AbortController();
  #probe: ClusterPort | undefined;

  constructor(stage: Stage, name: string, workMs: number) {
    this.name = name;
    this.#stage = stage;
    this.clock = new ProcessClock(stage.clock);
    const cluster = this.#port();
    const parts = { cluster, clock: this.clock, log: silentLog };
    const leadership = new Leadership({ ...parts, ...leaseAddress, identity: name, random: seededRandom(name.length) });
    const options = {
      ...parts,
      leadership,
      make: (fenced: ClusterPort): Work => this.#work(fenced, workMs),
      onChange: (state: 'leading' | 'waiting') => {
        this.state = state;
      },
    };
    this.ended = lead(options, this.#stopping.signal).then(() => {
      this.#endedAtMs = stage.clock.monotonic();
    });
  }

  /** When it had ended, by the clock of the stage. */
  get endedAtMs(): number | undefined {
    return this.#endedAtMs;
  }

  /** The fence of the current term would let a write through. */
  get isSending(): boolean {
    return this.state === 'leading' && this.#probe !== undefined && !this.clock.isPaused;
  }

  /** SIGTERM. */
  stop(): void {
    this.#stopping.abort(new Error('the process ends'));
  }

  #work(fenced: ClusterPort, workMs: number): Work {
    const stopping = new AbortController();
    this.#probe = fenced;
    return {
      start: async () => {
        void this.#writeOften(fenced, workMs, stopping.signal);
      },
      stop: async () => {
        this.#probe = undefined;
        stopping.abort(new Error('stopped'));
      },
    };
  }

  async #writeOften(fenced: ClusterPort, workMs: number, signal: AbortSignal): Promise<void> {
    const { type, object } = marker(this.name);
    while (!signal.aborted) {
      await fenced.create(type, object, {}, { signal }).catch(() => undefined);
      await sleep(this.clock, workMs, signal).catch(() => undefined);
    }
  }

  /** The cluster as this process reaches it: answers wait while it is paused, and the network has its moods. */
  #port(): ClusterPort {
    const { cluster } = this.#stage;
    return new Proxy<ClusterPort>(cluster, {
      get: (_, key: keyof ClusterPort) => {
        const method: unknown = cluster[key];
        if (typeof method !== 'function') return method;
        return (...words: unknown[]) => this.#request(key, () => Reflect.apply(method, cluster, words), words);
      },
    });
  }

  async #request(key: string, send: () => Promise<unknown>, words: readonly unknown[]): Promise<unknown> {
    // Every method that is used here takes its call last.
    const { signal, timeoutMs = 10_000 } = words.at(-1) as Call;
    const { network } = this;
    if (network === 'hangs') {
      await sleep(this.clock, timeoutMs, signal);
      throw new SluiceError('Timeout', 'the network hangs');
    }
    if (network === 'refuses') throw new SluiceError('Unavailable', 'refused');
    if (key === 'create' && words[1] !== undefined && isMarker(words[1])) {
      this.#stage.writes.push({ by: this.name, atMs: this.#stage.clock.monotonic() });
    }
    const outcome = await send().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    await new Promise<void>((resolve) => this.clock.whenRunning(resolve));
    if (network === 'loses answers') throw new SluiceError('Unavailable', 'the answer was lost');
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }
}

/** What the work writes: each write is a new object, so that nothing but the fence can stop it. */
function marker(name: string) {
  const type = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true } as const;
  const metadata = { name: '', generateName: `marker-${name}-`, namespace: 'default' };
  return { type, object: { apiVersion: 'v1', kind: 'ConfigMap', metadata } };
}

function isMarker(value: unknown): boolean {
  return (value as { readonly kind?: string }).kind === 'ConfigMap';
}
