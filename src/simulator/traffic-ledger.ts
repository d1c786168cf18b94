import type { Random } from '../base/random.ts';
import type { Flow, Frontend, ServingPod } from './data-plane.ts';
import type { ImageCatalogue } from './image-behaviour.ts';

/** Requests that were counted somewhere. */
export interface RequestCounts {
  requests: number;
  errors: number;
  slow: number;
}

/** What users of one Rollout got. */
export interface FrontendCounts {
  readonly byHash: ReadonlyMap<string, Readonly<RequestCounts>>;
  /** Requests for which there was nobody to answer. */
  readonly unserved: number;
}

interface Account {
  flow: Flow;
  sinceMs: number;
  unserved: number;
  readonly byHash: Map<string, RequestCounts>;
}

/**
 * Counts the requests of users, not one by one but from one change of the data plane to the next: the number in between
 * follows from rate, share and time, and a fraction is rounded by a draw.
 */
export class TrafficLedger {
  readonly #accounts = new Map<string, Account>();
  readonly #byPod = new Map<string, RequestCounts>();
  readonly #images: ImageCatalogue;
  readonly #random: Random;
  readonly #podOf: (key: string) => ServingPod | undefined;
  /** Requests per second to every frontend. */
  readonly ratePerSecond: number;

  constructor(
    images: ImageCatalogue,
    random: Random,
    ratePerSecond: number,
    podOf: (key: string) => ServingPod | undefined,
  ) {
    this.#images = images;
    this.#random = random;
    this.ratePerSecond = ratePerSecond;
    this.#podOf = podOf;
  }

  /** Counts what happened up to now. */
  settle(frontend: Frontend, nowMs: number): void {
    const account = this.#accounts.get(frontend.rollout);
    if (account === undefined) return;
    const seconds = (nowMs - account.sinceMs) / 1000;
    account.sinceMs = nowMs;
    if (seconds <= 0) return;
    for (const { pod, hash, share } of account.flow.pods) this.#count(account, pod, hash, seconds * share);
    account.unserved += this.#whole(this.ratePerSecond * seconds * account.flow.unserved);
  }

  /** From now on this is how requests go. */
  follow(frontend: Frontend, flow: Flow, nowMs: number): void {
    const account = this.#accounts.get(frontend.rollout);
    if (account === undefined) {
      this.#accounts.set(frontend.rollout, { flow, sinceMs: nowMs, unserved: 0, byHash: new Map() });
    } else account.flow = flow;
  }

  settleAll(frontends: Iterable<Frontend>, nowMs: number): void {
    for (const frontend of frontends) this.settle(frontend, nowMs);
  }

  /** What users of a Rollout got up to the last time it was settled. */
  of(rollout: string): FrontendCounts {
    return this.#accounts.get(rollout) ?? { byHash: new Map(), unserved: 0 };
  }

  ofPod(key: string): Readonly<RequestCounts> {
    return this.#byPod.get(key) ?? { requests: 0, errors: 0, slow: 0 };
  }

  #count(account: Account, pod: string, hash: string, seconds: number): void {
    const { errorRatio, slowRatio } = this.#images.of(this.#podOf(pod)?.image ?? '');
    const requests = this.#whole(this.ratePerSecond * seconds);
    const errors = this.#whole(requests * errorRatio);
    const slow = this.#whole(requests * slowRatio);
    for (const counts of [entry(account.byHash, hash), entry(this.#byPod, pod)]) {
      counts.requests += requests;
      counts.errors += errors;
      counts.slow += slow;
    }
  }

  #whole(number: number): number {
    const whole = Math.floor(number);
    return number === whole ? whole : whole + (this.#random.next() < number - whole ? 1 : 0);
  }
}

function entry(counts: Map<string, RequestCounts>, key: string): RequestCounts {
  const present = counts.get(key) ?? { requests: 0, errors: 0, slow: 0 };
  counts.set(key, present);
  return present;
}
