import type { KubeObject, ResourceType } from '../../api/object.ts';
import { SluiceError } from '../../base/error.ts';
import { ChangeLog, type Change } from './change-log.ts';
import { freezeJson } from './json.ts';
import { keyOf, objectKey, withMetadata } from './object-meta.ts';
import { resourceName, type ResourceTraits, type Siblings } from './resource-traits.ts';

/** All objects of one kind. */
class ObjectTable implements Siblings {
  readonly traits: ResourceTraits;
  readonly objects = new Map<string, KubeObject>();
  #sortedKeys: readonly string[] | undefined;

  constructor(traits: ResourceTraits) {
    this.traits = traits;
  }

  all(): Iterable<KubeObject> {
    return this.objects.values();
  }

  set(key: string, object: KubeObject | undefined): void {
    if (object !== undefined && this.objects.has(key)) {
      this.objects.set(key, object);
      return;
    }
    this.#sortedKeys = undefined;
    if (object === undefined) this.objects.delete(key);
    else this.objects.set(key, object);
  }

  /** Keys in the order of lists. */
  get sortedKeys(): readonly string[] {
    this.#sortedKeys ??= [...this.objects.keys()].toSorted();
    return this.#sortedKeys;
  }
}

/** The current objects of all kinds and the log of how they came about. Synchronous; knows no clients. */
export class ObjectStore {
  readonly log: ChangeLog;
  readonly #tables = new Map<string, ObjectTable>();
  readonly #freeze: boolean;

  constructor(traits: readonly ResourceTraits[], options: { version: number; historyMax: number; freeze: boolean }) {
    for (const one of traits) this.#tables.set(resourceName(one.type), new ObjectTable(one));
    this.log = new ChangeLog(options.version, options.historyMax);
    this.#freeze = options.freeze;
  }

  /** The table of a kind. Throws NotFound for a kind (or a version of it) that is not served here. */
  table(type: ResourceType): ObjectTable {
    const table = this.#tables.get(resourceName(type));
    if (table !== undefined && table.traits.type.version === type.version) return table;
    throw new SluiceError(
      'NotFound',
      `the server could not find the requested resource (${resourceName(type)}, version ${type.version})`,
    );
  }

  /** The traits of a kind by what an object or an owner reference says of itself. */
  findKind(apiVersion: string, kind: string): ResourceTraits | undefined {
    for (const { traits } of this.#tables.values()) {
      const { group, version } = traits.type;
      if (traits.type.kind === kind && apiVersion === (group === '' ? version : `${group}/${version}`)) return traits;
    }
    return undefined;
  }

  get kinds(): readonly ResourceTraits[] {
    return [...this.#tables.values()].map(({ traits }) => traits);
  }

  find(type: ResourceType, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.table(type).objects.get(objectKey(namespace, name));
  }

  /** Puts an object that was read from a state file, without a change. */
  restore(type: ResourceType, object: KubeObject): void {
    this.table(type).set(keyOf(object), this.#freeze ? freezeJson(object) : object);
  }

  /** Stores a new or changed object under the next version and answers it as stored. */
  put(type: ResourceType, object: KubeObject, previous: KubeObject | undefined): KubeObject {
    const stored = this.#version(object);
    this.table(type).set(keyOf(stored), stored);
    this.#append(type, previous === undefined ? 'ADDED' : 'MODIFIED', stored, previous);
    return stored;
  }

  /** Removes an object; its last state gets the version of the removal. */
  remove(type: ResourceType, object: KubeObject): KubeObject {
    const last = this.#version(object);
    this.table(type).set(keyOf(object), undefined);
    this.#append(type, 'DELETED', last, object);
    return last;
  }

  /** Undoes everything after a version that was not published. */
  takeBack(version: number): void {
    for (const change of this.log.takeBack(version)) {
      this.table(change.resource).set(keyOf(change.object), change.previous);
    }
  }

  #version(object: KubeObject): KubeObject {
    const metadata = { ...object.metadata, resourceVersion: String(this.log.version + 1) };
    const stored = withMetadata(object as never, metadata);
    return this.#freeze ? freezeJson(stored) : stored;
  }

  #append(resource: ResourceType, type: Change['type'], object: KubeObject, previous: KubeObject | undefined): void {
    const resourceVersion = String(this.log.version + 1);
    this.log.append({ resourceVersion, type, resource, object, previous });
  }
}
