import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';

import { messageOf, SluiceError } from '../../base/error.ts';
import { fileBytesMax, filesMax, isManifestFile, readManifestSet, type SourceFile } from './manifest-set.ts';
import type { ManifestSource } from './source.ts';

/** A directory with manifests, read with its folders. Its revision is a hash of names and contents. */
export function directorySource(directory: string): ManifestSource {
  const files = (): Promise<readonly SourceFile[]> =>
    readFiles(directory).catch((error: unknown) => {
      if (error instanceof SluiceError) throw error;
      throw new SluiceError('SourceUnreadable', `cannot read ${directory}: ${messageOf(error)}`, { cause: error });
    });
  return {
    description: directory,
    revision: async () => revisionOf(await files()),
    async read() {
      const found = await files();
      return readManifestSet(revisionOf(found), found);
    },
  };
}

function revisionOf(files: readonly SourceFile[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file.path}\0${file.text}\0`);
  return hash.digest('hex').slice(0, 40);
}

async function readFiles(directory: string): Promise<readonly SourceFile[]> {
  if (!(await stat(directory)).isDirectory()) {
    throw new SluiceError(
      'SourceUnreadable',
      `${directory} is not a directory; give the folder that holds the manifests`,
    );
  }
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .filter(isManifestFile)
    .toSorted();
  if (paths.length > filesMax) {
    throw new SluiceError(
      'SourceUnreadable',
      `${directory} has ${paths.length} manifest files; at most ${filesMax} are read`,
    );
  }
  const files: SourceFile[] = [];
  for (const relative of paths) files.push(await readOne(directory, relative));
  return files;
}

async function readOne(directory: string, relative: string): Promise<SourceFile> {
  const absolute = path.join(directory, relative);
  const { size } = await stat(absolute);
  if (size > fileBytesMax) {
    throw new SluiceError('SourceUnreadable', `${absolute} has ${size} bytes; at most ${fileBytesMax} are read`);
  }
  return { path: relative, text: await readFile(absolute, 'utf8') };
}
