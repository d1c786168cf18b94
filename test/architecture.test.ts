import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { errorCatalogue } from '../src/base/error.ts';
import {
  errorPageViolations,
  linkViolations,
  scriptViolations,
  titleViolations,
} from './architecture/document-rules.ts';
import {
  cycleViolations,
  dependencyViolations,
  roomViolations,
  unusedDependencies,
  type PackageManifest,
} from './architecture/import-rules.ts';
import { reachViolations, staleExceptions } from './architecture/purity-rules.ts';
import { readTree } from './architecture/read-tree.ts';
import { machineViolations, nameViolations, reexportViolations, sizeViolations } from './architecture/shape-rules.ts';
import { describeViolation, type ProjectFile, type Violation } from './architecture/tree.ts';

const files = readTree(fileURLToPath(new URL('..', import.meta.url)));
const code = files.filter(({ path }) => path.endsWith('.ts'));
const pages = files.filter(({ path }) => path.endsWith('.md') && !path.startsWith('test/golden/'));
const manifest = JSON.parse(fileNamed('package.json').text) as PackageManifest & {
  readonly scripts: Readonly<Record<string, string>>;
};

describe('the tree', () => {
  test('has rooms that import only what the table allows', () => holds(roomViolations(code)));

  test('has no import that leads back to where it started', () => holds(cycleViolations(code)));

  test('declares the packages that it imports', () => holds(dependencyViolations(code, manifest)));

  test('imports the packages that it declares', () => holds(unusedDependencies(code, manifest)));

  test('reaches for time, randomness, process and network only where it may', () => holds(reachViolations(code)));

  test('has no exception that nothing needs', () => holds(staleExceptions(code)));

  test('has files and lines that can be read at once', () => holds(sizeViolations(files)));

  test('has names that say what is inside', () => holds(nameViolations(files)));

  test('declares each thing in one place', () => holds(reexportViolations(code)));

  test('has no trace of the machine that it was written on', () => holds(machineViolations(files, registryHosts())));
});

describe('the pages', () => {
  test('explain every error code and no other', () => {
    holds(errorPageViolations(fileNamed('docs/errors.md'), errorCatalogue));
  });

  test('name only scripts that npm knows', () => holds(scriptViolations(pages, Object.keys(manifest.scripts))));

  test('lead to files that exist', () => {
    holds(
      linkViolations(
        pages,
        files.map(({ path }) => path),
      ),
    );
  });

  test('have one title each', () => holds(titleViolations(pages)));
});

function holds(violations: readonly Violation[]): void {
  assert.deepEqual(violations.map(describeViolation), []);
}

function fileNamed(path: string): ProjectFile {
  const file = files.find((candidate) => candidate.path === path);
  assert.ok(file, `there is no ${path}`);
  return file;
}

/** Hosts of the registry that npm uses on this machine, as npm tells its scripts. */
function registryHosts(): readonly string[] {
  const registry = process.env['npm_config_registry'];
  return registry === undefined || !URL.canParse(registry) ? [] : [new URL(registry).host];
}
