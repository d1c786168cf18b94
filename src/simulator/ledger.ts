import { controllerUid } from '../api/controller-owner.ts';
import type { KubeObject, ResourceType } from '../api/object.ts';
import type { Change } from '../cluster/embedded/change-log.ts';
import type { SentCall, WriterKind } from './sent-call.ts';

/** One committed write, with who did it. */
export interface Commit {
  /** Milliseconds since the simulation began. */
  readonly atMs: number;
  readonly version: number;
  readonly type: Change['type'];
  readonly kind: string;
  readonly resource: ResourceType;
  readonly namespace: string;
  readonly name: string;
  /** After the write; for a deletion the last state. */
  readonly object: KubeObject;
  /** Before the write; absent for a creation. */
  readonly previous: KubeObject | undefined;
  readonly writer: WriterKind;
  /** The call behind it, where one is known. */
  readonly call: SentCall | undefined;
}

/**
 * The cluster as its log tells it, write by write. It lags behind the store by what was not looked at yet, so that
 * whoever judges a write sees the cluster as that write found and left it.
 */
export class Ledger {
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #owned = new Map<string, Map<string, KubeObject>>();

  /** Takes a write in. */
  apply({ kind, namespace, name, type, object, previous }: Commit): void {
    const key = `${namespace}/${name}`;
    const table = this.#table(kind);
    if (previous !== undefined) this.#disown(kind, key, previous);
    if (type === 'DELETED') {
      table.delete(key);
      return;
    }
    table.set(key, object);
    this.#own(kind, key, object);
  }

  get(kind: string, namespace: string, name: string): KubeObject | undefined {
    return this.#objects.get(kind)?.get(`${namespace}/${name}`);
  }

  all(kind: string): Iterable<KubeObject> {
    return this.#objects.get(kind)?.values() ?? [];
  }

  /** Objects of a kind whose controller has this uid. */
  ownedBy(kind: string, uid: string): Iterable<KubeObject> {
    return this.#owned.get(`${kind}/${uid}`)?.values() ?? [];
  }

  #table(kind: string): Map<string, KubeObject> {
    const present = this.#objects.get(kind);
    if (present !== undefined) return present;
    const table = new Map<string, KubeObject>();
    this.#objects.set(kind, table);
    return table;
  }

  #own(kind: string, key: string, object: KubeObject): void {
    const owner = controllerUid(object);
    if (owner === undefined) return;
    const owned = this.#owned.get(`${kind}/${owner}`) ?? new Map<string, KubeObject>();
    this.#owned.set(`${kind}/${owner}`, owned.set(key, object));
  }

  #disown(kind: string, key: string, object: KubeObject): void {
    const owner = controllerUid(object);
    if (owner === undefined) return;
    const owned = this.#owned.get(`${kind}/${owner}`);
    owned?.delete(key);
    if (owned?.size === 0) this.#owned.delete(`${kind}/${owner}`);
  }
}
