import { statfsSync } from 'node:fs';

const mebibyte = 2 ** 20;

/** Throws when the file system of `directory` has less than `bytesNeeded` left; a full disk fails in far worse ways. */
export function requireFreeSpace(directory: string, bytesNeeded: number, purpose: string): void {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  if (free >= bytesNeeded) return;
  throw new Error(
    `${purpose} needs ${Math.ceil(bytesNeeded / mebibyte)} MiB in ${directory}, but only ` +
      `${Math.floor(free / mebibyte)} MiB are free: free some space or choose another directory`,
  );
}
