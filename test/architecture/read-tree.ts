import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ProjectFile } from './tree.ts';

/** Folders that are made, not written. */
const madeFolders = new Set(['node_modules', '.git', '.cache', 'coverage', '.sluice']);

/** Largest file that is read as text. */
const fileBytesMax = 4 * 1024 * 1024;

/** All text files below a folder, with paths relative to it and forward slashes. */
export function readTree(root: string, folder = ''): readonly ProjectFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return madeFolders.has(entry.name) ? [] : readTree(root, path);
    if (!entry.isFile() || entry.name.endsWith('.log')) return [];
    const bytes = readFileSync(join(root, path));
    return bytes.length > fileBytesMax || bytes.includes(0) ? [] : [{ path, text: bytes.toString('utf8') }];
  });
}
