import type { KubeObject } from '../api/object.ts';
import type { Change, ReadonlyChangeLog } from '../cluster/embedded/change-log.ts';
import type { Commit } from './ledger.ts';
import type { SentCall } from './sent-call.ts';

/**
 * Makes commits of the store's log: every change with the call that caused it. A change is published before its caller
 * is answered, so commits are handed out once all answers of their turn are known (`flush`).
 */
export class CommitFeed {
  readonly #log: ReadonlyChangeLog;
  readonly #take: (commit: Commit) => void;
  readonly #calls = new Map<string, SentCall>();
  readonly #nameless: SentCall[] = [];
  #waiting: { readonly change: Change; readonly atMs: number }[] = [];

  constructor(log: ReadonlyChangeLog, now: () => number, take: (commit: Commit) => void) {
    this.#log = log;
    this.#take = take;
    this.#log.subscribe((change) => this.#waiting.push({ change, atMs: now() }));
  }

  /** Notes what a call was answered. An eviction or a deleted collection is answered with nothing. */
  answered(call: SentCall, answer: KubeObject | undefined): void {
    const version = answer?.metadata.resourceVersion ?? '';
    if (answer === undefined) this.#nameless.push(call);
    // A write that changes nothing is answered with the version of somebody else's write.
    else if (!this.#calls.has(version)) this.#calls.set(version, call);
  }

  /** Hands out everything that was committed since the last time. */
  flush(): void {
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const { change, atMs } of waiting) this.#take(this.#commitOf(change, atMs));
    }
    this.#calls.clear();
    this.#nameless.length = 0;
  }

  #commitOf({ resource, type, object, previous, resourceVersion }: Change, atMs: number): Commit {
    const { name, namespace = '' } = object.metadata;
    const call = this.#calls.get(resourceVersion) ?? this.#namelessCall(resource.kind, namespace, name);
    const writer = call?.writer ?? 'cluster';
    const version = Number(resourceVersion);
    return { atMs, version, type, kind: resource.kind, resource, namespace, name, object, previous, writer, call };
  }

  #namelessCall(kind: string, namespace: string, name: string): SentCall | undefined {
    return this.#nameless.find(
      (call) => call.type.kind === kind && call.namespace === namespace && (call.name === name || call.name === ''),
    );
  }
}
