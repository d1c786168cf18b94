import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../scripts/check-node.mjs', import.meta.url));
const lock = (version: string): object => ({ packages: { '': {}, 'node_modules/kit': { version } } });

describe('the check of the pinned Node.js', () => {
  let root = '';

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sluice-check-node-'));
    mkdirSync(join(root, 'scripts'));
    cpSync(script, join(root, 'scripts/check-node.mjs'));
    write('package.json', { devDependencies: { node: process.versions.node } });
    write('package-lock.json', lock('1.0.0'));
    write('node_modules/.package-lock.json', lock('1.0.0'));
  });

  afterEach(() => rmSync(root, { recursive: true }));

  function write(path: string, content: object | string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    writeFileSync(join(root, path), text, { mode: 0o755 });
  }

  function check(words: readonly string[] = [], environment: NodeJS.ProcessEnv = {}) {
    const path = join(root, 'scripts/check-node.mjs');
    const env = { PATH: process.env['PATH'], ...environment };
    const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...words], { env, encoding: 'utf8' });
    return { status, text: stdout + stderr };
  }

  test('says nothing when everything is there', () => assert.deepEqual(check(), { status: 0, text: '' }));

  test('tells to install what is missing', () => {
    rmSync(join(root, 'node_modules'), { recursive: true });
    const { status, text } = check();
    assert.equal(status, 1);
    assert.match(text, /not installed\. Run: npm ci/);
  });

  test('tells to install what is of another version', () => {
    write('node_modules/.package-lock.json', lock('0.9.0'));
    const { status, text } = check();
    assert.equal(status, 1);
    assert.match(text, /node_modules\/kit is to be 1\.0\.0\)\. Run: npm ci/);
  });

  test('tells what to do when the pinned Node.js did not come with the packages', () => {
    write('package.json', { devDependencies: { node: '999.0.0' } });
    const { status, text } = check([], { npm_lifecycle_event: 'pretest' });
    assert.equal(status, 1);
    assert.match(text, /needs Node\.js 999\.0\.0 or newer, and this is \d.*Run: npm rebuild node/);
  });

  test('tells how to use the pinned Node.js when another one was started', () => {
    write('package.json', { devDependencies: { node: '999.0.0' } });
    write('node_modules/.bin/node', '');
    assert.match(check().text, /start with npm run/);
    assert.equal(check([], { npm_lifecycle_event: 'predemo' }).status, 0);
  });

  test('takes a newer Node.js', () => {
    write('package.json', { devDependencies: { node: '20.999.999' } });
    assert.equal(check().status, 0);
  });

  test('installs first when it is asked to, and says when that fails', () => {
    rmSync(join(root, 'node_modules'), { recursive: true });
    const fakeNpm = (body: string): NodeJS.ProcessEnv => {
      write('fake/npm', `#!/bin/sh\n${body}\n`);
      return { PATH: `${join(root, 'fake')}${delimiter}${process.env['PATH']}` };
    };
    const failed = check(['--install'], fakeNpm('exit 7'));
    assert.equal(failed.status, 1);
    assert.match(failed.text, /npm ci failed/);
    const copy = 'test "$1" = ci && mkdir node_modules && cp package-lock.json node_modules/.package-lock.json';
    assert.equal(check(['--install'], fakeNpm(copy)).status, 0);
  });
});
