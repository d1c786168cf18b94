import { globSync } from 'node:fs';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

const projectRoot = join(import.meta.dirname, '..', '..');

/** The two parts of the tests that need no control plane. Each has a process, and takes about half of the time. */
export type Part = 'simulations' | 'everything-else';

/** Which part a test file is in. */
export function partOf(file: string): Part {
  return /^test\/(?:scenarios|simulator)\//.test(file) ? 'simulations' : 'everything-else';
}

/** Loads every test file of a part, so that all its tests run in this process: a process for each file costs more. */
export async function importTests(part: Part): Promise<void> {
  const files = globSync('test/**/*.test.ts', { cwd: projectRoot, exclude: ['test/e2e/**', 'test/control-plane/**'] })
    .map((file) => file.split(sep).join('/'))
    .filter((file) => partOf(file) === part)
    .toSorted((left, right) => (left < right ? -1 : 1));
  for (const file of files) await import(pathToFileURL(join(projectRoot, file)).href);
}
