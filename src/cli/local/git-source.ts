import { execFile } from 'node:child_process';
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

import { SluiceError } from '../../base/error.ts';
import {
  fileBytesMax,
  filesMax,
  isManifestFile,
  readManifestSet,
  type ManifestSet,
  type SourceFile,
} from './manifest-set.ts';
import type { ManifestSource } from './source.ts';

/** A branch of a Git repository. */
export interface GitSourceOptions {
  /** Anything that `git fetch` takes: a URL or a path. */
  readonly repository: string;
  readonly branch: string;
  /** Folder in the repository; empty for all of it. */
  readonly folder: string;
  /** Where the local copy is kept; made when it does not exist. */
  readonly cacheDirectory: string;
  /** Variables that git gets: its way to keys and proxies, and PATH. */
  readonly environment: Readonly<Record<string, string>>;
}

const fetchTimeoutMs = 60_000;
const readTimeoutMs = 20_000;
const outputBytesMax = 64 * 2 ** 20;

/** Nothing of the user's configuration may run programs or ask questions here. */
const settings = ['-c', 'protocol.ext.allow=never', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'];
const quietEnvironment = { GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' };

/** Where the commit that was fetched last is kept. */
const reference = 'refs/sluice/source';

/**
 * A branch, fetched into a bare copy of its own and read from there, so that nothing is ever checked out. Its revision
 * is the commit.
 */
export function gitSource(options: GitSourceOptions): ManifestSource {
  checkArguments(options);
  return new GitSource(options);
}

class GitSource implements ManifestSource {
  readonly description: string;
  readonly #options: GitSourceOptions;

  constructor(options: GitSourceOptions) {
    const { repository, branch, folder } = options;
    this.#options = options;
    this.description = `${repository} branch ${branch}${folder === '' ? '' : ` folder ${folder}`}`;
  }

  async revision(signal: AbortSignal): Promise<string> {
    const { repository, branch, cacheDirectory } = this.#options;
    await mkdir(cacheDirectory, { recursive: true });
    const name = `refs/heads/${branch}`;
    const listing = await this.#git(['ls-remote', '--', repository, name], fetchTimeoutMs, signal);
    const commit = /^([0-9a-f]{40,64})\t/.exec(listing)?.[1];
    if (commit === undefined) throw new SluiceError('SourceUnreadable', `${repository} has no branch ${branch}`);
    return commit;
  }

  async read(signal: AbortSignal): Promise<ManifestSet> {
    const { repository, branch } = this.#options;
    await this.#makeCopy(signal);
    const refspec = `+refs/heads/${branch}:${reference}`;
    const fetching = ['fetch', '--quiet', '--no-tags', '--depth=1', '--', repository, refspec];
    await this.#git(fetching, fetchTimeoutMs, signal);
    const commit = (await this.#git(['rev-parse', reference], readTimeoutMs, signal)).trim();
    return readManifestSet(commit, await this.#readFiles(commit, signal));
  }

  async #makeCopy(signal: AbortSignal): Promise<void> {
    const { cacheDirectory } = this.#options;
    const made = await stat(path.join(cacheDirectory, 'HEAD')).then(
      () => true,
      () => false,
    );
    if (made) return;
    await mkdir(cacheDirectory, { recursive: true });
    await this.#git(['init', '--quiet', '--bare', '.'], readTimeoutMs, signal);
  }

  async #readFiles(commit: string, signal: AbortSignal): Promise<readonly SourceFile[]> {
    const { folder } = this.#options;
    const tree = folder === '' ? commit : `${commit}:${folder.replace(/\/+$/, '')}`;
    const listing = await this.#git(['ls-tree', '-r', '-l', '-z', tree], readTimeoutMs, signal);
    const entries = listing.split('\0').flatMap((line) => parseEntry(line));
    if (entries.length > filesMax) {
      const found = `${entries.length} manifest files at ${commit}`;
      throw new SluiceError('SourceUnreadable', `${found}; at most ${filesMax} are read`);
    }
    const files: SourceFile[] = [];
    for (const { object, bytes, name } of entries) {
      if (bytes > fileBytesMax) {
        throw new SluiceError('SourceUnreadable', `${name} has ${bytes} bytes; at most ${fileBytesMax} are read`);
      }
      files.push({ path: name, text: await this.#git(['cat-file', 'blob', object], readTimeoutMs, signal) });
    }
    return files;
  }

  #git(command: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<string> {
    const { cacheDirectory, environment } = this.#options;
    const limits = { signal, timeout: timeoutMs, maxBuffer: outputBytesMax, encoding: 'utf8' } as const;
    const place = { cwd: cacheDirectory, env: { ...environment, ...quietEnvironment } };
    return new Promise((resolve, reject) => {
      execFile('git', [...settings, ...command], { ...place, ...limits }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(gitError(command, error, stderr));
      });
    });
  }
}

function checkArguments({ repository, branch, folder }: GitSourceOptions): void {
  if (repository === '' || repository.startsWith('-')) {
    throw new SluiceError('Usage', `"${repository}" is not a repository; give a URL or a path`);
  }
  if (!/^[A-Za-z0-9_][A-Za-z0-9._/-]*$/.test(branch) || branch.includes('..')) {
    throw new SluiceError('Usage', `"${branch}" is not the name of a branch; give one such as main`);
  }
  if (folder.startsWith('/') || folder.split('/').includes('..')) {
    throw new SluiceError('Usage', `"${folder}" leaves the repository; give a folder inside it`);
  }
}

/** A line of `git ls-tree -l`: mode, type, object, size, a tab, and the name. */
function parseEntry(
  line: string,
): readonly { readonly object: string; readonly bytes: number; readonly name: string }[] {
  const match = /^\d+ blob ([0-9a-f]+) +(\d+)\t(.+)$/s.exec(line);
  const [, object = '', bytes = '0', name = ''] = match ?? [];
  return match !== null && isManifestFile(name) ? [{ object, bytes: Number(bytes), name }] : [];
}

function gitError(command: readonly string[], error: Error & { code?: unknown }, stderr: string): SluiceError {
  if (error.code === 'ENOENT') {
    return new SluiceError('SourceUnreadable', 'git is not installed; install it, or give a directory instead');
  }
  const said = stderr.trim().split('\n').at(-1) ?? '';
  return new SluiceError('SourceUnreadable', `git ${command[0] ?? ''} failed: ${said === '' ? error.message : said}`, {
    cause: error,
  });
}
