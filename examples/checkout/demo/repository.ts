import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A Git repository that was made for the demo. */
export interface Repository {
  readonly url: string;
  /** Commits the manifests with another image tag. */
  release(tag: string, message: string): Promise<void>;
}

const author = ['-c', 'user.name=Demo', '-c', 'user.email=demo@example.com', '-c', 'commit.gpgsign=false'];

/** Makes a repository with a folder of manifests on its branch `main`. */
export async function makeRepository(directory: string, manifests: string): Promise<Repository> {
  const folder = path.join(directory, 'deploy');
  await mkdir(folder, { recursive: true });
  await cp(manifests, folder, { recursive: true });
  await git(['init', '--quiet', '--initial-branch=main', '.']);
  return {
    url: directory,
    async release(tag, message) {
      const file = path.join(folder, 'rollout.yaml');
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace(/image: checkout:\S+/, `image: checkout:${tag}`));
      await git(['add', '--all']);
      await git([...author, 'commit', '--quiet', '--allow-empty', '--message', message]);
    },
  };

  async function git(command: readonly string[]): Promise<void> {
    await run('git', [...command], { cwd: directory, timeout: 20_000 });
  }
}
