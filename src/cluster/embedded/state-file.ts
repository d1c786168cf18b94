import { DatabaseSync, type StatementSync } from 'node:sqlite';

import type { KubeObject } from '../../api/object.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import type { Change } from './change-log.ts';
import { isRecord, jsonAt } from './json.ts';
import { keyOf } from './object-meta.ts';
import type { ObjectStore } from './object-store.ts';
import { resourceName } from './resource-traits.ts';

/** Marks our files ("Slce"), so that another program's database is never written to. */
const applicationId = 0x536c6365;
const formatVersion = 1;

const creation = `
  BEGIN IMMEDIATE;
  CREATE TABLE objects (resource TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (resource, key)) STRICT;
  CREATE TABLE state (version INTEGER NOT NULL) STRICT;
  INSERT INTO state (version) VALUES (0);
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${formatVersion};
  COMMIT`;

/**
 * The state of a cluster in one SQLite file: the current objects and the newest version. A committed write survives the
 * death of the process (WAL, handed to the operating system at each commit); after a loss of power the last moments may
 * be missing, never half there.
 */
export class StateFile {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #setVersion: StatementSync;

  /**
   * Opens or creates the file. Throws StateUnreadable, and changes nothing, when it is not a state file of ours,
   * and StateInUse when another process has it.
   */
  static open(path: string): StateFile {
    try {
      return new StateFile(path);
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      throw isBusy(error) ? inUse(path, error) : unreadable(path, messageOf(error), error);
    }
  }

  private constructor(path: string) {
    this.#path = path;
    this.#database = new DatabaseSync(path);
    try {
      this.#prepareFormat();
      this.#put = this.#database.prepare('INSERT OR REPLACE INTO objects (resource, key, body) VALUES (?, ?, ?)');
      this.#remove = this.#database.prepare('DELETE FROM objects WHERE resource = ? AND key = ?');
      this.#setVersion = this.#database.prepare('UPDATE state SET version = ?');
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** The version of the newest change that was kept. */
  get version(): number {
    const row = this.#database.prepare('SELECT version FROM state').get();
    const version = row?.['version'];
    if (typeof version === 'number' && Number.isSafeInteger(version) && version >= 0) return version;
    throw unreadable(this.#path, `its version is ${JSON.stringify(version)}`);
  }

  /** Reads all objects into a store. Closes the file when that cannot be done. */
  restoreInto(store: ObjectStore): void {
    try {
      this.#readAll(store);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #readAll(store: ObjectStore): void {
    for (const { resource, body } of this.#database.prepare('SELECT resource, body FROM objects').iterate()) {
      const traits = store.kinds.find(({ type }) => resourceName(type) === resource);
      if (traits === undefined) {
        throw unreadable(this.#path, `it holds objects of the kind ${JSON.stringify(resource)}, which is not served`);
      }
      store.restore(traits.type, this.#readObject(body));
    }
  }

  /** Keeps changes, all or none, in order. */
  append(changes: readonly Change[]): void {
    const last = changes.at(-1);
    if (last === undefined) return;
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const change of changes) this.#keep(change);
      this.#setVersion.run(Number(last.resourceVersion));
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#database.close();
  }

  #keep({ type, resource, object }: Change): void {
    const [name, key] = [resourceName(resource), keyOf(object)];
    if (type === 'DELETED') this.#remove.run(name, key);
    else this.#put.run(name, key, JSON.stringify(object));
  }

  #prepareFormat(): void {
    const id = this.#pragma('application_id');
    const format = this.#pragma('user_version');
    const isNew = this.#database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count'] === 0;
    if (!isNew && id !== applicationId) throw unreadable(this.#path, 'it is the database of another program');
    if (!isNew && format !== formatVersion) {
      throw unreadable(this.#path, `it has format ${format}, this version of Sluice reads format ${formatVersion}`);
    }
    if (!isNew) this.#checkIntegrity();
    // Only now anything is written: a file that was refused above stays as it is.
    this.#database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    if (isNew) this.#database.exec(creation);
  }

  #checkIntegrity(): void {
    const result = this.#database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    if (result !== 'ok') throw unreadable(this.#path, `it is damaged (${String(result)})`);
  }

  #pragma(name: string): number {
    const value = this.#database.prepare(`PRAGMA ${name}`).get()?.[name];
    return typeof value === 'number' ? value : 0;
  }

  #readObject(body: unknown): KubeObject {
    try {
      const object: unknown = JSON.parse(String(body));
      if (isRecord(object) && typeof jsonAt(object, 'metadata', 'name') === 'string') {
        // It was written from a stored object.
        return object as unknown as KubeObject;
      }
    } catch (error) {
      throw unreadable(this.#path, `an object in it is not JSON (${messageOf(error)})`, error);
    }
    throw unreadable(this.#path, 'an entry in it is not an object');
  }
}

/** SQLITE_BUSY: another connection holds the lock of the file. */
const busy = 5;

function isBusy(error: unknown): boolean {
  return isRecord(error) && error['errcode'] === busy;
}

function inUse(path: string, cause: unknown): SluiceError {
  const message = `another Sluice uses the state file ${path}: talk to that one, stop it, or choose another folder`;
  return new SluiceError('StateInUse', message, { cause });
}

function unreadable(path: string, reason: string, cause?: unknown): SluiceError {
  return new SluiceError(
    'StateUnreadable',
    `the state file ${path} cannot be read: ${reason}; it was left as it is. Move it away to start anew.`,
    { cause },
  );
}
