import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { withBuildLock } from './build-lock.ts';
import { requireFreeSpace } from './free-space.ts';

const lockWaitMs = 30 * 60_000;
const buildsKept = 3;

/** A finished build. */
export interface Build {
  readonly directory: string;
  /** 0 when the cache had it. */
  readonly durationMs: number;
}

/** What is built, and where it is kept. */
export interface CachedBuild {
  /** Folder of builds of one kind. */
  readonly cache: string;
  /** 16 hexadecimal digits that change with whatever is built in. */
  readonly key: string;
  /** For people, e.g. `the control plane with go1.26`. */
  readonly what: string;
  readonly bytes: number;
  readonly report: (line: string) => void;
}

/** A folder of this user's caches that survives a fresh checkout. */
export function cacheFolder(name: string, environment: NodeJS.ProcessEnv): string {
  const base = environment['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(base, 'sluice', name);
}

/** Builds once for each key: `fill` fills a folder, which is seen by others only when it is complete. */
export async function cachedBuild(
  { cache, key, what, bytes, report }: CachedBuild,
  fill: (folder: string) => Promise<void>,
): Promise<Build> {
  mkdirSync(cache, { recursive: true });
  const directory = join(cache, key);
  if (existsSync(directory)) return { directory, durationMs: 0 };
  return await withBuildLock(`${directory}.lock`, { waitMs: lockWaitMs, report }, async () => {
    if (existsSync(directory)) return { directory, durationMs: 0 };
    requireFreeSpace(cache, bytes, `building ${what}`);
    report(`building ${what} (a first build takes minutes)`);
    const begun = performance.now();
    const unfinished = mkdtempSync(join(cache, 'unfinished-'));
    try {
      await fill(unfinished);
      renameSync(unfinished, directory);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
    prune(cache);
    return { directory, durationMs: performance.now() - begun };
  });
}

/** Keeps the builds that were made last. */
function prune(cache: string): void {
  const builds = readdirSync(cache)
    .filter((name) => /^[0-9a-f]{16}$/.test(name))
    .map((name) => ({ path: join(cache, name), madeMs: statSync(join(cache, name)).mtimeMs }))
    .toSorted((left, right) => right.madeMs - left.madeMs);
  for (const { path } of builds.slice(buildsKept)) rmSync(path, { recursive: true, force: true });
}
