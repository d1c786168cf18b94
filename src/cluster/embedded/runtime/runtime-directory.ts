import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { messageOf, SluiceError } from '../../../base/error.ts';
import type { Pod } from '../workloads/shapes.ts';
import type { ProcessIdentity } from './process-table.ts';

/** What is remembered of a container's process, so that a later life of this process can take it over. */
export interface ContainerRecord extends ProcessIdentity {
  readonly container: string;
  readonly restartCount: number;
  /** RFC 3339. */
  readonly startedAt: string;
}

/** What is remembered of a pod. */
export interface PodRecord {
  readonly uid: string;
  readonly podIP: string;
  readonly containers: readonly ContainerRecord[];
}

/** Folders of logs of pods that are gone, at most. */
const oldLogCountMax = 100;

/** The files of a local runtime: who it is, which processes it has started, and their logs. */
export class RuntimeDirectory {
  readonly #path: string;
  /** Every process carries it in its environment, so that no process of this runtime can be overlooked. */
  readonly id: string;

  /** Throws StateUnreadable when the folder cannot be used. */
  constructor(path: string) {
    this.#path = path;
    try {
      mkdirSync(join(path, 'pods'), { recursive: true, mode: 0o700 });
      mkdirSync(join(path, 'logs'), { recursive: true, mode: 0o700 });
      this.id = readOrMakeId(join(path, 'runtime-id'));
    } catch (error) {
      const message = `the folder of the local runtime, ${path}, cannot be used: ${messageOf(error)}`;
      throw new SluiceError('StateUnreadable', message, { cause: error });
    }
  }

  /** Everything that is remembered. A record that cannot be read is skipped: its processes are found by their id. */
  pods(): readonly PodRecord[] {
    const names = readdirSync(join(this.#path, 'pods')).filter((name) => name.endsWith('.json'));
    return names.flatMap((name) => readRecord(join(this.#path, 'pods', name)) ?? []);
  }

  pod(uid: string): PodRecord | undefined {
    return readRecord(this.#recordPath(uid));
  }

  /** Remembers a pod. Written beside and moved, so that it is whole whenever this process ends. */
  remember(record: PodRecord): void {
    const path = this.#recordPath(record.uid);
    writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  forget(uid: string): void {
    rmSync(this.#recordPath(uid), { force: true });
  }

  /** Where the output of a container goes, over all its restarts. */
  logPath({ metadata: { name, namespace = '', uid = '' } }: Pod, container: string): string {
    return join(this.#path, 'logs', `${namespace}_${name}_${uid}`, `${container}.log`);
  }

  /** Drops the oldest logs of pods that are gone. */
  dropOldLogs(): void {
    const folder = join(this.#path, 'logs');
    const gone = readdirSync(folder).filter((name) => !existsSync(this.#recordPath(name.split('_').at(-1) ?? '')));
    const byAge = gone
      .map((name) => ({ name, changedMs: statSync(join(folder, name)).mtimeMs }))
      .sort((left, right) => left.changedMs - right.changedMs);
    for (const { name } of byAge.slice(0, Math.max(byAge.length - oldLogCountMax, 0))) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }

  #recordPath(uid: string): string {
    return join(this.#path, 'pods', `${uid}.json`);
  }
}

function readOrMakeId(path: string): string {
  if (existsSync(path)) {
    const id = readFileSync(path, 'utf8').trim();
    if (/^[0-9a-f]{32}$/.test(id)) return id;
    throw new Error(`${path} does not hold the id of a runtime; remove the folder to begin anew`);
  }
  const id = randomBytes(16).toString('hex');
  writeFileSync(path, `${id}\n`, { mode: 0o600 });
  return id;
}

function readRecord(path: string): PodRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isPodRecord(value) ? value : undefined;
  } catch {
    // Absent, or cut off by a full disk: its processes are found by the id in their environment.
    return undefined;
  }
}

function isPodRecord(value: unknown): value is PodRecord {
  const fields = fieldsOf(value);
  const containers = fields.get('containers');
  const hasTexts = typeof fields.get('uid') === 'string' && typeof fields.get('podIP') === 'string';
  return hasTexts && Array.isArray(containers) && containers.every(isContainerRecord);
}

function isContainerRecord(value: unknown): boolean {
  const fields = fieldsOf(value);
  const texts = ['container', 'startTime', 'bootId', 'startedAt'];
  const numbers = ['pid', 'restartCount'];
  return (
    texts.every((name) => typeof fields.get(name) === 'string') &&
    numbers.every((name) => typeof fields.get(name) === 'number')
  );
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}
