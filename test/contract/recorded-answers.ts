import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ContractRecord } from './cluster.ts';

const folder = join(import.meta.dirname, 'recorded');

/** Where the answers of one Kubernetes version are kept, e.g. for `v1.34.4`. */
export function recordedFile(version: string): string {
  return join(folder, `${version}.json`);
}

/** The versions that were recorded, oldest first. */
export function recordedVersions(): readonly string[] {
  if (!existsSync(folder)) return [];
  const numbers = (version: string): readonly number[] => version.slice(1).split('.').map(Number);
  return readdirSync(folder)
    .filter((name) => /^v\d+\.\d+\.\d+\.json$/.test(name))
    .map((name) => name.replace(/\.json$/, ''))
    .toSorted((left, right) => compareNumbers(numbers(left), numbers(right)));
}

/** What the API server of that version answered to each case. */
export function recordedAnswers(version: string): ContractRecord {
  // The file was written by scripts/record-contract.ts.
  return JSON.parse(readFileSync(recordedFile(version), 'utf8')) as ContractRecord;
}

function compareNumbers(left: readonly number[], right: readonly number[]): number {
  const index = left.findIndex((value, position) => value !== right[position]);
  return index === -1 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}
