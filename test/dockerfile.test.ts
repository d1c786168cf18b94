import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { buildImage } from './dockerfile/build-image.ts';
import { readDockerfile, type Stage } from './dockerfile/read-dockerfile.ts';

const context = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(context, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly devDependencies: { readonly node: string };
};
const stages = readDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'));

describe('the Dockerfile', () => {
  test('starts from the pinned Node.js, by a tag without a registry', () => {
    const [major] = manifest.devDependencies.node.split('.');
    for (const { image } of stages) assert.equal(image, `node:${major}-slim`);
  });

  test('runs as a user that is not root, by number, so that a cluster can check it', () => {
    const users = wordsOf(last(stages), 'USER');
    assert.match(users.at(-1) ?? '', /^[1-9]\d*:[1-9]\d*$/);
  });

  test('starts without a shell, so that signals arrive', () => {
    const words = JSON.parse(wordsOf(last(stages), 'ENTRYPOINT')[0] ?? '') as readonly string[];
    assert.deepEqual(words, ['node', 'dist/sluice.mjs']);
  });

  test('gives a complete program, which writes nothing to its own folders', () => {
    const root = mkdtempSync(join(tmpdir(), 'sluice-image-'));
    try {
      const { directory, environment } = buildImage(stages, context, root);
      assert.deepEqual(
        readdirSync(directory).toSorted(),
        ['.compile-cache', 'LICENSE', 'dist', 'package.json'].toSorted(),
      );
      const cached = filesIn(join(directory, '.compile-cache'));
      const bundled = filesIn(join(directory, 'dist')).filter((name) => name.endsWith('.mjs'));
      assert.ok(cached.length > bundled.length, `only ${cached.length} of ${bundled.length} files were compiled ahead`);

      const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/sluice.mjs', 'version'], {
        cwd: directory,
        env: environment,
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
      assert.ok(stdout.includes(manifest.version), stdout);
      assert.deepEqual(filesIn(join(directory, '.compile-cache')), cached);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

describe('the test of the Dockerfile', () => {
  const build = (text: string): void => {
    const root = mkdtempSync(join(tmpdir(), 'sluice-image-'));
    try {
      buildImage(readDockerfile(text), context, root);
    } finally {
      rmSync(root, { recursive: true });
    }
  };

  test('notices a module that needs a package which is only there for development', () => {
    const start = 'FROM node:24-slim\nWORKDIR /app\nCOPY package.json package-lock.json ./\n';
    const install = `${start}RUN npm ci --omit=dev --ignore-scripts\n`;
    const load = (name: string): string => `RUN node --input-type=module -e "import '${name}'"\n`;
    build(`${install}${load('typebox')}`);
    assert.throws(() => build(`${install}${load('fast-check')}`), /ERR_MODULE_NOT_FOUND/);
  });

  test('notices what is left out of the context, and instructions that it cannot try', () => {
    assert.throws(() => build('FROM node:24-slim\nCOPY test ./test\n'), /\.dockerignore leaves out test/);
    assert.throws(() => build('FROM node:24-slim\nCOPY --from=gone /a ./a\n'), /there is no stage gone/);
    assert.throws(() => build('FROM node:24-slim\nRUN npm install\n'), /does not know: npm install/);
    assert.throws(() => build('FROM node:24-slim\nADD a b\n'), /does not know ADD/);
  });
});

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
}

function last(all: readonly Stage[]): Stage {
  const stage = all.at(-1);
  assert.ok(stage);
  return stage;
}

function wordsOf({ instructions }: Stage, word: string): readonly string[] {
  return instructions.filter((instruction) => instruction.word === word).map(({ rest }) => rest);
}
