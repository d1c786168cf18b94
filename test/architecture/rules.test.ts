import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { errorPageViolations, linkViolations, scriptViolations, titleViolations } from './document-rules.ts';
import { cycleViolations, dependencyViolations, roomViolations, unusedDependencies } from './import-rules.ts';
import { reachViolations, staleExceptions } from './purity-rules.ts';
import {
  fileLinesMax,
  lineCharactersMax,
  machineViolations,
  nameViolations,
  reexportViolations,
  sizeViolations,
} from './shape-rules.ts';
import { describeViolation, type ProjectFile, type Violation } from './tree.ts';

describe('the import table refuses', () => {
  const cases: readonly (readonly [from: string, text: string, complaint: RegExp])[] = [
    ['src/base/clock.ts', `import type { Kind } from '../api/object.ts';`, /base must not import api/],
    ['src/base/log.ts', `import { readFileSync } from 'node:fs';`, /base must not import node:fs/],
    ['src/api/rollout.ts', `import { decide } from '../engine/decide.ts';`, /api must not import engine/],
    ['src/api/rollout.ts', `export { registry } from '../providers/traffic/registry.ts';`, /must not import providers/],
    ['src/analysis/judge/judge.ts', `import type { World } from '../../engine/world.ts';`, /must not import engine/],
    ['src/engine/decide.ts', `import { x } from '../providers/metrics/registry.ts';`, /must not import providers/],
    ['src/engine/decide.ts', `import type { ClusterPort } from '../cluster/port.ts';`, /must not import cluster/],
    ['src/engine/decide.ts', `import { readFile } from 'node:fs/promises';`, /must not import node:fs/],
    ['src/engine/decide.ts', `import fastify from 'fastify';`, /fastify is for server and main.ts only/],
    ['src/api/manifest.ts', `import yaml from 'yaml';`, /api must not import yaml/],
    ['src/providers/traffic/x.ts', `import type { Pass } from '../../engine/pass.ts';`, /must not import engine/],
    ['src/cluster/embedded/x.ts', `import { Watch } from '@kubernetes/client-node';`, /is for cluster\/kubernetes/],
    ['src/cluster/embedded/x.ts', `import { y } from '../kubernetes/watch.ts';`, /must not import cluster\/kubernetes/],
    [
      'src/cluster/reflector.ts',
      `import { y } from './embedded/object-store.ts';`,
      /must not import cluster\/embedded/,
    ],
    ['src/controller/x.ts', `import { y } from '../cluster/embedded/object-store.ts';`, /must not import cluster\/emb/],
    [
      'src/controller/x.ts',
      `const y = await import('../cluster/kubernetes/watch.ts');`,
      /must not import cluster\/kub/,
    ],
    ['src/controller/x.ts', `type Y = import('../server/server.ts').Server;`, /must not import server/],
    ['src/controller/x.ts', `import '../simulator/simulator.ts';`, /must not import simulator/],
    ['src/simulator/invariants/x.ts', `import { y } from '../../engine/fenceposts.ts';`, /must not import engine/],
    ['src/server/x.ts', `import { y } from '../cluster/kubernetes/watch.ts';`, /must not import cluster\/kubernetes/],
    ['src/cli/x.ts', `import { y } from '../cluster/kubernetes/watch.ts';`, /must not import cluster\/kubernetes/],
    ['src/cli/x.ts', `import { main } from '../main.ts';`, /nothing imports the composition root/],
    ['src/dashboard/x.ts', `import { parse } from '../api/manifest.ts';`, /only types of api/],
    ['src/dashboard/x.ts', `import { type Rollout } from '../api/rollout.ts';`, /only types of api/],
    ['src/dashboard/x.ts', `import type { Clock } from '../base/clock.ts';`, /must not import base/],
    ['src/controller/x.ts', `import { fixture } from '../../test/fixture.ts';`, /outside of src/],
    ['src/controller/x.ts', 'const y = await import(name);', /cannot be checked/],
    ['src/kitchen/x.ts', '', /no room/],
  ];
  for (const [path, text, complaint] of cases) {
    test(`${path}: ${text || 'an unknown room'}`, () => refuses(roomViolations([{ path, text }]), complaint));
  }

  test('nothing of what the rooms are for', () => {
    const lines = {
      'src/main.ts': `import { a } from './cluster/kubernetes/a.ts';`,
      'src/dashboard/a.ts': `import type { Rollout } from '../api/rollout.ts';`,
      'src/cluster/kubernetes/a.ts': `import { Watch } from '@kubernetes/client-node';`,
      'src/simulator/a.ts': `import { EmbeddedCluster } from '../cluster/embedded/embedded-cluster.ts';`,
      'src/controller/a.ts': `import type { ClusterPort } from '../cluster/port.ts';\nimport http from 'node:http';`,
      'src/engine/a.ts': `// import fs from 'node:fs';\nconst text = "import fs from 'node:fs'";`,
    };
    accepts(roomViolations(filesOf(lines)));
  });
});

test('cycles are found however long, and types are no part of them', () => {
  const lines = {
    'src/api/a.ts': `import { b } from './b.ts';`,
    'src/api/b.ts': `import {\n  c,\n} from './c.ts';`,
    'src/api/c.ts': `export * from './a.ts';`,
  };
  refuses(cycleViolations(filesOf(lines)), /a\.ts: imports itself through src\/api\/b\.ts -> src\/api\/c\.ts/);
  accepts(cycleViolations(filesOf({ ...lines, 'src/api/c.ts': `import type { A } from './a.ts';` })));
});

test('dependencies are declared where they are needed, and needed where they are declared', () => {
  const manifest = { dependencies: { fastify: '5', '@scope/kit': '1' }, devDependencies: { 'fast-check': '4' } };
  const source = `import fastify from 'fastify';\nimport { kit } from '@scope/kit/deep.js';`;
  accepts(dependencyViolations(filesOf({ 'src/a.ts': source, 'test/a.ts': `import fc from 'fast-check';` }), manifest));
  accepts(unusedDependencies(filesOf({ 'src/a.ts': source }), manifest));
  const development = filesOf({ 'src/a.ts': `import fc from 'fast-check';` });
  refuses(dependencyViolations(development, manifest), /fast-check is not in dependencies/);
  refuses(dependencyViolations(filesOf({ 'test/a.ts': `import x from 'x';` }), manifest), /x is not in package\.json/);
  refuses(unusedDependencies(filesOf({ 'src/a.ts': `import fastify from 'fastify';` }), manifest), /@scope\/kit/);
});

describe('reaching out is refused', () => {
  const cases: readonly (readonly [path: string, text: string, name: string])[] = [
    ['src/engine/a.ts', 'const now = Date.now();', 'Date'],
    ['src/api/a.ts', 'const at = new Date(text);', 'Date'],
    ['src/analysis/a.ts', 'const share = Math.random();', 'Math.random'],
    ['src/providers/a.ts', 'const page = await fetch(url);', 'fetch'],
    ['src/providers/a.ts', 'const id = crypto.randomUUID();', 'crypto'],
    ['src/engine/a.ts', 'const { env } = process;', 'process'],
    ['src/engine/a.ts', 'const text = `at ${performance.now()}`;', 'performance'],
    ['src/engine/a.ts', 'globalThis.setTimeout(wake, 5);', 'globalThis'],
    ['src/controller/a.ts', 'setTimeout(wake, 5);', 'setTimeout'],
    ['src/controller/a.ts', 'const signal = AbortSignal.timeout(5);', 'AbortSignal.timeout'],
    ['src/controller/a.ts', `import { setTimeout } from 'node:timers/promises';`, 'node:timers'],
    ['src/simulator/a.ts', 'const now = Date.now();', 'Date'],
    ['src/simulator/a.ts', 'const seed = Math.random();', 'Math.random'],
    ['src/cli/a.ts', 'const words = process.argv.slice(2);', 'process.argv'],
    ['src/server/a.ts', `const token = process.env['TOKEN'];`, 'process.env'],
    ['src/server/a.ts', 'const all = { ...process.env };', 'process.env'],
    ['src/server/a.ts', 'process.exit(1);', 'process.exit'],
  ];
  for (const [path, text, name] of cases) {
    test(`${path}: ${text}`, () => {
      const found = reachViolations([{ path, text: `const first = 1;\n${text}\n` }]);
      assert.ok(found.length > 0);
      for (const violation of found) assert.equal(violation.line, 2);
      assert.ok(found.some(({ message }) => message.startsWith(name)));
    });
  }

  test('but words, keys, own names and the places for it are not', () => {
    const lines = {
      'src/base/clock.ts': 'export const now = () => Date.now();\nsetTimeout(wake, performance.now());',
      'src/base/instant.ts': 'export const parse = (text: string) => Date.parse(text);',
      'src/main.ts': `run(process.argv, process.env['HOME']);`,
      'src/engine/a.ts': `// Date and process\nconst kinds = { fetch: 'Date' };\nexport const at = world.process.Date;`,
      'src/analysis/a.ts': `import { fetch } from './fetch.ts';\nconst member = fetch(value, /process.env/);`,
    };
    accepts(reachViolations(filesOf(lines)));
  });

  test('and an exception that nothing needs any more is told', () => {
    refuses(staleExceptions(filesOf({ 'src/base/instant.ts': '// Date' })), /instant\.ts: needs no exception/);
  });
});

test('long files and long lines are refused, long strings are not', () => {
  const line = 'x'.repeat(lineCharactersMax + 1);
  refuses(sizeViolations([{ path: 'src/a.ts', text: `// ${line}\n` }]), /a\.ts:1: 124 characters/);
  refuses(sizeViolations([{ path: 'src/a.ts', text: `const a = 1;\n${line};\n` }]), /a\.ts:2/);
  refuses(sizeViolations([{ path: 'scripts/a.sh', text: `echo '${line}'\n` }]), /a\.sh:1/);
  refuses(sizeViolations([{ path: 'test/a.ts', text: 'a;\n'.repeat(fileLinesMax + 1) }]), /401 lines/);
  accepts(sizeViolations([{ path: 'src/a.ts', text: `const a = '${line}';\n${'b;\n'.repeat(fileLinesMax - 1)}` }]));
});

test('names that say nothing are refused', () => {
  const names = ['src/api/utils.ts', 'test/test-helpers.ts', 'src/common/hash.ts', 'src/api/index.ts'];
  for (const path of [...names, 'src/cluster/manager.ts', 'src/api/podHash.ts', 'test/api/my_hash.test.ts']) {
    refuses(nameViolations([{ path, text: '' }]), /\.ts: "|\.ts: index/);
  }
  accepts(nameViolations(filesOf({ 'src/cluster/object-index.ts': '', 'src/cluster/managed-fields.ts': '' })));
});

test('re-exports of everything are refused', () => {
  refuses(reexportViolations([{ path: 'src/api/a.ts', text: `export * from './b.ts';` }]), /export \*/);
});

test('traces of a machine are refused', () => {
  const outside = ['..', 'shared', 'design.md'].join('/');
  const host = ['registry', 'npmjs', 'org'].join('.');
  const traces = [`cat ${['', 'work', 'main'].join('/')}/a`, `cp ${['', 'root', '.npmrc'].join('/')} .`, outside, host];
  for (const text of traces) refuses(machineViolations([{ path: 'README.md', text }], []), /README\.md:1/);
  refuses(machineViolations([{ path: '.npmrc', text: 'x=mirror.example:81' }], ['mirror.example:81']), /\.npmrc:1/);
  refuses(machineViolations([{ path: 'package-lock.json', text: '{\n"resolved": ""}' }], []), /package-lock\.json:2/);
  accepts(machineViolations(filesOf({ 'src/a.ts': `import { work } from './work/root/a.ts';` }), ['mirror.example']));
});

test('an error code without an explanation is refused, and one that does not exist or is told wrongly', () => {
  const row = (code: string, traits: string): string => `| \`${code}\` | x | ${traits} |\n`;
  const text = [row('Gone', 'retry | 410 | 1'), row('Lost', 'retry | 1 | 1'), row('Gone', 'x | 1 | 1')].join('');
  const traits = { retry: 'retry', httpStatus: 410, exitCode: 1 };
  const page = { path: 'docs/errors.md', text };
  assert.deepEqual(errorPageViolations(page, { Gone: traits, Timeout: traits }).map(describeViolation), [
    'docs/errors.md: says nothing about Timeout',
    'docs/errors.md:2: Lost is no error code',
    'docs/errors.md:3: Gone is told twice',
  ]);
  refuses(errorPageViolations(page, { Gone: { ...traits, exitCode: 2 } }), /:1: Gone must say \| retry \| 410 \| 2 \|/);
});

test('pages that promise what is not there are refused', () => {
  const page = (text: string): readonly ProjectFile[] => [{ path: 'docs/a.md', text }];
  refuses(scriptViolations(page('run `npm run demo -- --bad`'), ['test']), /no script "demo"/);
  refuses(scriptViolations(page('run npm test'), ['demo']), /no script "test"/);
  accepts(scriptViolations(page('npm run -s demo, npm test, npm install'), ['demo', 'test']));
  refuses(linkViolations(page('see [it](b.md)'), ['docs/a.md']), /there is no docs\/b\.md/);
  refuses(linkViolations(page('see `src/api/gone.ts`'), ['docs/a.md']), /there is no src\/api\/gone\.ts/);
  accepts(linkViolations(page('[up](../README.md#now) `docs/` [out](https://x.example)'), ['docs/a.md', 'README.md']));
  refuses(titleViolations(page('# One\n\n# Two\n')), /2 titles/);
  accepts(titleViolations(page('# One\n\n```\n# a comment\n```\n')));
});

function refuses(found: readonly Violation[], complaint: RegExp): void {
  const told = found.map(describeViolation);
  assert.ok(
    told.some((line) => complaint.test(line)),
    `${complaint} is not among ${JSON.stringify(told)}`,
  );
}

function accepts(found: readonly Violation[]): void {
  assert.deepEqual(found.map(describeViolation), []);
}

function filesOf(texts: Readonly<Record<string, string>>): readonly ProjectFile[] {
  return Object.entries(texts).map(([path, text]) => ({ path, text }));
}
