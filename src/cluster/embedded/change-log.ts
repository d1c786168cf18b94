import type { KubeObject, ResourceType } from '../../api/object.ts';
import { SluiceError } from '../../base/error.ts';
import { invariant } from '../../base/invariant.ts';

/** Version of a store in which nothing ever happened. Never 0: a watch from 0 means one from the present state. */
export const firstVersion = 1;

/** One committed write. Versions have no gaps: every change is the one before plus 1. */
export interface Change {
  readonly resourceVersion: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: ResourceType;
  /** The object after the write. For a deletion its last state, under the version of the deletion. */
  readonly object: KubeObject;
  /** The object before the write; absent for a creation. */
  readonly previous: KubeObject | undefined;
}

/** Reading side of the log, for watches and oracles. */
export interface ReadonlyChangeLog {
  /** Version of the newest change. */
  readonly version: number;
  /** Changes up to and including this version can no longer be read. */
  readonly compactedVersion: number;
  /** Changes after a version, oldest first. Throws Gone when some of them were compacted. */
  after(version: number): readonly Change[];
  /** Calls back once for every change from now on, in order, before anybody gets an answer. Answers how to stop. */
  subscribe(listener: (change: Change) => void): () => void;
}

/** The history of all kinds in one line, bounded in length. */
export class ChangeLog implements ReadonlyChangeLog {
  readonly #entriesMax: number;
  readonly #listeners = new Set<(change: Change) => void>();
  #entries: Change[] = [];
  #compactedVersion: number;
  #publishedVersion: number;

  constructor(version: number, entriesMax: number) {
    this.#compactedVersion = version;
    this.#publishedVersion = version;
    this.#entriesMax = entriesMax;
  }

  get version(): number {
    return this.#compactedVersion + this.#entries.length;
  }

  get compactedVersion(): number {
    return this.#compactedVersion;
  }

  append(change: Change): void {
    invariant(Number(change.resourceVersion) === this.version + 1, 'every change has the next version');
    this.#entries.push(change);
  }

  /** The change with a version. */
  at(version: number): Change | undefined {
    return this.#entries[version - this.#compactedVersion - 1];
  }

  after(version: number): readonly Change[] {
    this.checkReadable(version);
    return this.#entries.slice(Math.max(version - this.#compactedVersion, 0));
  }

  /** Throws Gone unless every change after the version can still be read. */
  checkReadable(version: number): void {
    if (version >= this.#compactedVersion || this.#compactedVersion <= firstVersion) return;
    throw new SluiceError('Gone', `too old resource version: ${version} (${this.#compactedVersion})`);
  }

  /** Takes back the changes after a version that were not published yet, newest first. */
  takeBack(version: number): readonly Change[] {
    invariant(version >= this.#publishedVersion, 'a published change is never taken back');
    return this.#entries.splice(version - this.#compactedVersion).toReversed();
  }

  /** Tells everybody who listens what was appended since the last time, then forgets the oldest beyond the bound. */
  publish(): readonly Change[] {
    const news = this.after(this.#publishedVersion);
    this.#publishedVersion = this.version;
    for (const change of news) for (const listener of this.#listeners) listener(change);
    // A quarter more than the bound is allowed, so that the list is not moved at every write.
    if (this.#entries.length > this.#entriesMax * 1.25) this.compact(this.version - this.#entriesMax);
    return news;
  }

  /** Forgets the changes up to and including a version. */
  compact(version: number): void {
    const count = Math.min(version, this.#publishedVersion) - this.#compactedVersion;
    if (count <= 0) return;
    this.#entries = this.#entries.slice(count);
    this.#compactedVersion += count;
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
