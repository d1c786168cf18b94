import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { isAlive } from './is-alive.ts';

const pollMs = 200;

/** What a lock needs to know about waiting. */
export interface LockOptions {
  /** Longest wait for another process. */
  readonly waitMs: number;
  readonly report: (line: string) => void;
}

/**
 * Runs `work` while this process holds the lock file, which contains the holder's process id. The lock of a process
 * that has ended is stale and taken over.
 */
export async function withBuildLock<T>(file: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await acquire(file, options);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

async function acquire(file: string, options: LockOptions): Promise<void> {
  const deadline = performance.now() + options.waitMs;
  let told = false;
  while (!tryCreate(file)) {
    const holder = holderOf(file);
    if (holder === undefined) {
      options.report(`removing the stale lock ${file}: the process that held it has ended`);
      rmSync(file, { force: true });
      continue;
    }
    if (performance.now() >= deadline) {
      throw new Error(
        `process ${holder} has held the lock ${file} for longer than ${Math.round(options.waitMs / 1000)} s: ` +
          'wait for it, or end it and remove the file',
      );
    }
    if (!told) options.report(`waiting for process ${holder}, which is building (lock ${file})`);
    told = true;
    await delay(pollMs);
  }
}

function tryCreate(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** The process that holds the lock; undefined when it has ended. */
function holderOf(file: string): number | undefined {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined; // released just now: removing it again is harmless, the next round creates it
  }
  const holder = Number.parseInt(text, 10);
  return Number.isInteger(holder) && holder > 0 && isAlive(holder) ? holder : undefined;
}
