import assert from 'node:assert/strict';

import type { Json, KubeObject, ResourceType } from '../../../src/api/object.ts';
import { hasCode, type ErrorCode, type SluiceError } from '../../../src/base/error.ts';
import type { Call, ClusterPort, ListPage, ObjectAddress, WatchEvent, WatchQuery } from '../../../src/cluster/port.ts';
import type { ContractClient } from './client.ts';
import { maskJson, type Masks } from './mask.ts';

/**
 * What a case needs beyond the API server's own store.
 *
 * - `garbage-collector`: dependents of deleted owners are collected.
 * - `disruption-controller`: the status of PodDisruptionBudgets is kept up to date.
 * - `compaction`: history can be made unreadable on demand. A real API server answers old pages and watches from its
 *   watch cache whatever etcd forgot, so it has this only when it runs with `--watch-cache=false`.
 */
export type ContractNeed = 'garbage-collector' | 'disruption-controller' | 'compaction';

/** A cluster under test. */
export interface ContractCluster {
  readonly cluster: ClusterPort;
  readonly has: readonly ContractNeed[];
  /** Makes everything before now unreadable: old watches and pages are then Gone. */
  compact?(): Promise<void>;
  close(): Promise<void>;
}

/** One behaviour. `run` asserts what must hold everywhere and records all answers for comparison. */
export interface ContractCase {
  /** Unique in the suite; names the record. */
  readonly name: string;
  readonly needs: readonly ContractNeed[];
  run(world: ContractWorld): Promise<void>;
}

/** What a case is given. */
export interface ContractWorld {
  readonly cluster: ClusterPort;
  readonly client: ContractClient;
  readonly tools: ContractTools;
}

const callTimeoutMs = 20_000;
const pollIntervalMs = 20;
const messageLengthMax = 1000;

/** What a case works with: a namespace of its own, and the record it writes. */
export class ContractTools {
  readonly namespace: string;
  readonly call: Call;
  readonly compact: () => Promise<void>;
  readonly #masks: Masks = new Map();
  readonly #record: Json[] = [];

  constructor(namespace: string, signal: AbortSignal, compact: () => Promise<void>) {
    this.namespace = namespace;
    this.call = { signal, timeoutMs: callTimeoutMs };
    this.compact = compact;
    this.#masks.set(namespace, '<namespace>');
  }

  /** Address of an object in the case's namespace. */
  at(type: ResourceType, name: string): ObjectAddress {
    return type.namespaced ? { type, namespace: this.namespace, name } : { type, name };
  }

  /** Runs one call that must succeed, records (a part of) its answer, and returns it whole. */
  async expect<T>(step: string, work: () => Promise<T>, part: (value: T) => unknown = (value) => value): Promise<T> {
    const value = await work();
    this.note(step, part(value));
    return value;
  }

  /**
   * Runs one call that must fail with this code, and records that. The message is recorded only when asked for: it is
   * then part of the contract.
   */
  async expectError(
    step: string,
    code: ErrorCode,
    work: () => Promise<unknown>,
    options: { readonly message?: boolean } = {},
  ): Promise<SluiceError> {
    const outcome = await work().then(
      (value) => `the answer ${JSON.stringify(value).slice(0, messageLengthMax)}`,
      (error: unknown) => error,
    );
    if (!hasCode(outcome, code)) throw new Error(`${step}: expected ${code}`, { cause: outcome });
    this.note(step, options.message === true ? { error: code, message: outcome.message } : { error: code });
    return outcome;
  }

  /** Adds a line to the record. Identities and times in it are masked. */
  note(step: string, value: unknown): void {
    this.#record.push({ step: maskJson(step, this.#masks), answer: maskJson(value, this.#masks) });
  }

  /** Reads until the condition holds; for what a controller of the cluster does in its own time. */
  async eventually<T>(what: string, read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
    const deadline = performance.now() + callTimeoutMs;
    for (;;) {
      const value = await read();
      if (holds(value)) return value;
      assert.ok(performance.now() < deadline, `${what}: not seen in time; last ${JSON.stringify(value)}`);
      await pause(pollIntervalMs, this.call.signal);
    }
  }

  /** The object, or undefined when there is none. */
  async find(cluster: ClusterPort, type: ResourceType, name: string): Promise<KubeObject | undefined> {
    try {
      return await cluster.get(this.at(type, name), this.call);
    } catch (error) {
      if (hasCode(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /** Collects watch events until `enough` says so. Bookmarks are left out unless asked for. */
  async watchUntil(
    cluster: ClusterPort,
    type: ResourceType,
    query: WatchQuery,
    enough: (events: readonly WatchEvent[]) => boolean,
  ): Promise<readonly WatchEvent[]> {
    const stop = new AbortController();
    const deadline = AbortSignal.any([stop.signal, this.call.signal, AbortSignal.timeout(callTimeoutMs)]);
    const events: WatchEvent[] = [];
    for await (const event of cluster.watch(type, query, deadline)) {
      events.push(event);
      if (enough(events)) break;
    }
    stop.abort();
    return events;
  }

  get record(): Json {
    return this.#record;
  }
}

/** Names of a page's items, for records. */
export function namesOf(page: ListPage): readonly string[] {
  return page.items.map((item) => item.metadata.name);
}

/** Kind of event and name of its object, for records. */
export function describeEvent(event: WatchEvent): string {
  return event.type === 'BOOKMARK' ? 'BOOKMARK' : `${event.type} ${event.object.metadata.name}`;
}

/** Part of an object at a dotted path, e.g. `spec.replicas`; undefined when absent. */
export function valueAt(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }, object);
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, durationMs);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(new Error('aborted'));
      },
      { once: true },
    );
  });
}
