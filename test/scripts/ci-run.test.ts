import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../.ci/run', import.meta.url));

/** What the test runner prints at its end. */
const counts = (passed: number, skipped: number): string =>
  `echo "ℹ tests ${passed + skipped}"; echo "ℹ pass ${passed}"; echo "ℹ skipped ${skipped}"; echo "ℹ duration_ms 5.5"`;

describe('.ci/run', () => {
  let root = '';

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sluice-ci-run-'));
    for (const folder of ['.ci', 'scripts', 'fake']) mkdirSync(join(root, folder));
    cpSync(program, join(root, '.ci/run'));
  });

  afterEach(() => rmSync(root, { recursive: true }));

  /** Runs it with an npm that does these shell commands instead. */
  function run(commands: Readonly<Record<string, string>>) {
    const cases = Object.entries(commands).map(([words, body]) => `"${words}") ${body};;`);
    const npm = join(root, 'fake/npm');
    writeFileSync(npm, `#!/bin/sh\ncase "$*" in\n${cases.join('\n')}\n*) exit 9;;\nesac\n`);
    chmodSync(npm, 0o755);
    const env = { ...process.env, PATH: `${join(root, 'fake')}${delimiter}${process.env['PATH']}` };
    const { status, stdout } = spawnSync(join(root, '.ci/run'), { cwd: tmpdir(), env, encoding: 'utf8' });
    return { status, text: stdout };
  }

  test('installs, tests, tests end to end, and ends with what was counted', () => {
    const { status, text } = run({ ci: ':', test: counts(12, 1), 'run e2e': `test "$CI" = true && ${counts(3, 0)}` });
    assert.equal(status, 0, text);
    assert.match(text, /^install +\d+ s +ok\ntest +\d+ s +ok\ne2e +\d+ s +ok$/m);
    assert.match(text, /-- test\nℹ tests 13\n[\s\S]*-- e2e\nℹ tests 3\nℹ pass 3\nℹ skipped 0\nℹ duration_ms 5\.5\n$/);
  });

  test('prepares the end-to-end tests when there is something to prepare', () => {
    writeFileSync(join(root, 'scripts/install-e2e.sh'), 'echo prepared; exit 4');
    const { status, text } = run({ ci: ':', test: counts(1, 0), 'run e2e': counts(1, 0) });
    assert.equal(status, 1);
    assert.match(text, /prepared[\s\S]*^prepare +\d+ s +failed with 4$/m);
  });

  test('fails when any part fails, and still does the others', () => {
    const { status, text } = run({ ci: ':', test: `${counts(5, 0)}; exit 3`, 'run e2e': counts(1, 0) });
    assert.equal(status, 1);
    assert.match(text, /^test +\d+ s +failed with 3\ne2e +\d+ s +ok$/m);
    assert.equal(run({ ci: 'exit 1' }).status, 1);
    assert.equal(run({ ci: ':', test: counts(1, 0), 'run e2e': 'exit 1' }).status, 1);
  });

  test('takes skipped or missing tests for a failure', () => {
    assert.equal(run({ ci: ':', test: counts(5, 0), 'run e2e': counts(3, 1) }).status, 1);
    assert.equal(run({ ci: ':', test: counts(5, 0), 'run e2e': ':' }).status, 1);
    assert.equal(run({ ci: ':', test: ':', 'run e2e': counts(3, 0) }).status, 1);
  });
});
