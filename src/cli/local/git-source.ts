import { execFile } from 'node:child_process';
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

import { SluiceError } from '../../base/error.ts';
import { fileBytesMax, filesMax, isManifestFile, readManifestSet, type SourceFile } from './manifest-set.ts';
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
}

const fetchTimeoutMs = 60_000;
const readTimeoutMs = 20_000;
const outputBytesMax = 64 * 2 ** 20;

/** Nothing of the user's configuration may run programs or ask questions here. */
const settings = ['-c', 'protocol.ext.allow=never', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'];
const environment = { GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' };

/**
 * A branch, fetched into a bare copy of its own and read from there, so that nothing is ever checked out. Its revision
 * is the commit.
 */
export function gitSource(options: GitSourceOptions): ManifestSource {
  const { repository, branch, folder, cacheDirectory } = options;
  checkArguments(options);
  const reference = 'refs/sluice/source';
  return {
    description: `${repository} branch ${branch}${folder === '' ? '' : ` folder ${folder}`}`,
    async read(signal) {
      await makeCopy(cacheDirectory, signal);
      const refspec = `+refs/heads/${branch}:${reference}`;
      const fetching = ['fetch', '--quiet', '--no-tags', '--depth=1', '--', repository, refspec];
      await git(cacheDirectory, fetching, fetchTimeoutMs, signal);
      const commit = (await git(cacheDirectory, ['rev-parse', reference], readTimeoutMs, signal)).trim();
      return readManifestSet(commit, await readFiles(cacheDirectory, commit, folder, signal));
    },
  };
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

async function makeCopy(directory: string, signal: AbortSignal): Promise<void> {
  const made = await stat(path.join(directory, 'HEAD')).then(
    () => true,
    () => false,
  );
  if (made) return;
  await mkdir(directory, { recursive: true });
  await git(directory, ['init', '--quiet', '--bare', '.'], readTimeoutMs, signal);
}

async function readFiles(
  directory: string,
  commit: string,
  folder: string,
  signal: AbortSignal,
): Promise<readonly SourceFile[]> {
  const tree = folder === '' ? commit : `${commit}:${folder.replace(/\/+$/, '')}`;
  const listing = await git(directory, ['ls-tree', '-r', '-l', '-z', tree], readTimeoutMs, signal);
  const entries = listing.split('\0').flatMap((line) => parseEntry(line));
  if (entries.length > filesMax) {
    throw new SluiceError(
      'SourceUnreadable',
      `${entries.length} manifest files at ${commit}; at most ${filesMax} are read`,
    );
  }
  const files: SourceFile[] = [];
  for (const { object, bytes, name } of entries) {
    if (bytes > fileBytesMax) {
      throw new SluiceError('SourceUnreadable', `${name} has ${bytes} bytes; at most ${fileBytesMax} are read`);
    }
    files.push({ path: name, text: await git(directory, ['cat-file', 'blob', object], readTimeoutMs, signal) });
  }
  return files;
}

/** A line of `git ls-tree -l`: mode, type, object, size, a tab, and the name. */
function parseEntry(
  line: string,
): readonly { readonly object: string; readonly bytes: number; readonly name: string }[] {
  const match = /^\d+ blob ([0-9a-f]+) +(\d+)\t(.+)$/s.exec(line);
  const [, object = '', bytes = '0', name = ''] = match ?? [];
  return match !== null && isManifestFile(name) ? [{ object, bytes: Number(bytes), name }] : [];
}

function git(directory: string, command: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      'git',
      [...settings, ...command],
      {
        cwd: directory,
        signal,
        timeout: timeoutMs,
        maxBuffer: outputBytesMax,
        encoding: 'utf8',
        env: { ...process.env, ...environment },
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(gitError(command, error, stderr));
      },
    );
  });
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
