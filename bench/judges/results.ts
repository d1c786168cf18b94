import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { Limits } from './calibration.ts';
import type { Tally } from './tally.ts';

/** What one judge made of one cell, and of which program text the figures are. */
export interface Entry {
  readonly tally: Tally;
  /** Digest of the judge's sources at the time. */
  readonly source: string;
  /** The first runs alone, of the cells that the tests compute again. */
  readonly head?: Tally;
}

/** All that was computed so far; entries by cell and judge. */
export interface Results {
  readonly commit: string;
  /** Processor time, in hours. */
  readonly hours: number;
  readonly limits: Readonly<Record<string, Limits>>;
  readonly cells: Readonly<Record<string, Readonly<Record<string, Entry>>>>;
}

export const emptyResults: Results = { commit: '', hours: 0, limits: {}, cells: {} };

const root = new URL('../../', import.meta.url);

/** Where results are kept, and the report and its pictures. */
export const reportFolder = fileURLToPath(new URL('report/', import.meta.url));

const resultsFile = `${reportFolder}results.json`;

/** What was kept by earlier runs. */
export function loadResults(): Results {
  return existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, 'utf8')) as Results) : emptyResults;
}

/** Keeps results: a line for each entry, and never half a file. */
export function saveResults({ commit, hours, limits, cells }: Results): void {
  const lines = Object.entries(cells).map(([id, entries]) => {
    const inner = Object.entries(entries).map(([judge, entry]) => `${JSON.stringify(judge)}:${JSON.stringify(entry)}`);
    return `${JSON.stringify(id)}:{\n${inner.join(',\n')}\n}`;
  });
  const head = `"commit":${JSON.stringify(commit)},"hours":${hours},"limits":${JSON.stringify(limits)}`;
  writeFileSync(`${resultsFile}.new`, `{${head},"cells":{\n${lines.join(',\n')}\n}}\n`);
  renameSync(`${resultsFile}.new`, resultsFile);
}

/**
 * Digest of the sources that decide what our judge answers, or of some of its files. Results of other sources are out
 * of date.
 */
export function judgeSource(names?: readonly string[]): string {
  const folder = fileURLToPath(new URL('src/analysis/judge/', root));
  const provider = fileURLToPath(new URL('src/providers/metrics/', root));
  const all = (): readonly string[] => [
    ...readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .map((name) => `${folder}${name}`),
    ...['judge-config.ts', 'judge-kinds.ts', 'judge-memory.ts'].map((name) => `${provider}${name}`),
  ];
  const hash = createHash('sha256');
  for (const file of names?.map((name) => `${folder}${name}`) ?? all()) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}
