import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { compareVersions, findBinaries, findGo } from '../control-plane/binaries.ts';
import { withBuildLock } from '../control-plane/build-lock.ts';
import { programs } from '../control-plane/build.ts';
import { requireFreeSpace } from '../control-plane/free-space.ts';
import { explainGoFailure } from '../control-plane/run-go.ts';
import { startedSuite, unavailable } from './suite.ts';

const scripts = join(import.meta.dirname, '..', '..', 'scripts');
const runTimeoutMs = 120_000;
const nothing = { ok: true, value: { stop: () => Promise.resolve() } } as const;
const silent = (): void => undefined;
/** No process has this id: Linux and macOS keep below it. */
const deadProcess = 2 ** 22 + 1;

interface Outcome {
  readonly status: number;
  readonly output: string;
}

/** Runs one of the project's scripts and returns its exit status and everything it printed. */
function runScript(name: string, words: readonly string[], environment: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((resolve) => {
    const flags = ['--disable-warning=ExperimentalWarning', join(scripts, name), ...words];
    const options = { env: { ...process.env, ...environment }, timeout: runTimeoutMs };
    const child = execFile(process.execPath, flags, options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr });
    });
    child.stdin?.end();
  });
}

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'bad-input-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A directory with a program called `go` that answers this to everything. */
function fakeGo(t: TestContext, script: string): string {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'go'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, 'go'), 0o755);
  return directory;
}

startedSuite(
  'a control plane that cannot be started says why',
  1,
  unavailable,
  () => Promise.resolve(nothing),
  () => {
    test('a port that is taken', async (t) => {
      const server = createServer().listen(0, '127.0.0.1');
      t.after(() => server.close());
      await new Promise((resolve) => server.once('listening', resolve));
      const { port } = server.address() as { readonly port: number };
      const { status, output } = await runScript('control-plane.ts', ['up', '--port', String(port)], {});
      assert.equal(status, 1);
      assert.match(
        output,
        new RegExp(`^port ${port} of 127.0.0.1 is taken: stop what listens there or choose another port`, 'm'),
      );
    });

    for (const [words, message] of [
      [['up', '--port', '70000'], /--port=70000 must be a whole number from 1 to 65535/],
      [['up', '--nodes', 'many'], /--nodes=many must be a whole number from 1 to 200/],
      [['up', '--colour', 'red'], /Unknown option '--colour'/],
      [['down'], /unknown command "down"/],
    ] as const) {
      test(`the wrong words "${words.join(' ')}"`, async () => {
        const { status, output } = await runScript('control-plane.ts', words, {});
        assert.equal(status, 2);
        assert.match(output, message);
        assert.match(output, /^usage: /m);
      });
    }

    test('no Go: tests are skipped with one line, and fail where CI is set', async () => {
      const environment = { PATH: '/nowhere', KUBEBUILDER_ASSETS: '', KUBECONFIG: '' };
      const skipped = await runScript('e2e.ts', [], { ...environment, CI: '' });
      assert.equal(skipped.status, 0);
      assert.match(skipped.output, /^end-to-end tests are skipped: Go is not on PATH; .* Go 1\.\d+.*\n$/);
      const failed = await runScript('e2e.ts', [], { ...environment, CI: 'true' });
      assert.equal(failed.status, 1);
      assert.match(failed.output, /not possible, which fails where CI is set: Go is not on PATH/);
      assert.equal((await runScript('control-plane.ts', ['build'], environment)).status, 1);
    });

    test('a Go that is too old, or that does not work', async (t) => {
      const old = await findGo({ PATH: fakeGo(t, 'echo "go version go1.19.8 linux/amd64"') });
      assert.ok(!old.ok);
      assert.match(old.error, /^Go 1\.19\.8 is too old; .* needs Go 1\.24\.0 or newer/);
      const broken = await findGo({ PATH: fakeGo(t, 'echo "cannot find GOROOT" >&2; exit 2') });
      assert.ok(!broken.ok);
      assert.match(broken.error, /"go version" failed .*cannot find GOROOT/s);
      assert.deepEqual([compareVersions('1.9', '1.24.0') < 0, compareVersions('1.24', '1.24.0')], [true, 0]);
    });

    test("a build that fails: the compiler's words, no half-made build, no lock", async (t) => {
      const cacheDirectory = temporaryDirectory(t);
      const script =
        'case $1 in version) echo go version go1.30.0 x/y;; *) echo "main.go:1: broken" >&2; exit 1;; esac';
      const environment = { ...process.env, KUBEBUILDER_ASSETS: '', PATH: fakeGo(t, script) };
      await assert.rejects(
        findBinaries({ report: silent, environment, cacheDirectory }),
        /^Error: go build -trimpath failed:\nmain\.go:1: broken/,
      );
      assert.deepEqual(execFileSync('ls', [cacheDirectory], { encoding: 'utf8' }), '');
    });

    for (const [stderr, message] of [
      [
        'write /tmp/go-build1/b001: no space left on device',
        /^go build failed because the disk is full: free some space/,
      ],
      ['dial tcp: lookup proxy: no such host', /^go build could not fetch its modules/],
      ['undefined: kubelet', /^go build failed:\nundefined: kubelet$/],
    ] as const) {
      test(`what Go says of "${stderr}"`, () => {
        assert.match(explainGoFailure(['build'], { stderr }), message);
      });
    }

    test('a stale lock is taken over, a living one is waited for', async (t) => {
      const file = join(temporaryDirectory(t), 'build.lock');
      const lines: string[] = [];
      const options = { waitMs: 300, report: (line: string) => lines.push(line) };
      writeFileSync(file, String(deadProcess));
      assert.equal(await withBuildLock(file, options, async () => readFileSync(file, 'utf8')), String(process.pid));
      assert.match(lines.join('\n'), /^removing the stale lock .*build\.lock: the process that held it has ended$/);
      assert.equal(existsSync(file), false);

      writeFileSync(file, String(process.ppid));
      await assert.rejects(
        withBuildLock(file, options, async () => undefined),
        new RegExp(
          `process ${process.ppid} has held the lock .*build\\.lock for longer than 0 s: wait for it, or end it and remove`,
        ),
      );
      assert.match(lines.join('\n'), new RegExp(`waiting for process ${process.ppid}, which is building`));
      assert.equal(existsSync(file), true);
    });

    test('a full disk', async (t) => {
      assert.throws(
        () => requireFreeSpace(tmpdir(), 2 ** 60, 'a test cluster'),
        /^Error: a test cluster needs \d+ MiB in .*, but only \d+ MiB are free: free some space or choose another directory$/,
      );
      const small = temporaryDirectory(t);
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', small], { stdio: 'ignore' });
      } catch {
        t.diagnostic('a small file system cannot be mounted here; only the check itself was tested');
        return;
      }
      try {
        const { status, output } = await runScript('control-plane.ts', ['up'], { TMPDIR: small });
        assert.equal(status, 1);
        assert.match(output, /^a test cluster needs 256 MiB in .*, but only 1\d MiB are free/m);
        assert.equal(execFileSync('ls', [small], { encoding: 'utf8' }), '');
      } finally {
        execFileSync('umount', [small]);
      }
    });

    test('a directory for temporary files with a path too long for a socket', async (t) => {
      const long = join(temporaryDirectory(t), 'x'.repeat(100));
      mkdirSync(long);
      const { status, output } = await runScript('control-plane.ts', ['up'], { TMPDIR: long });
      assert.equal(status, 1);
      assert.match(output, /is too long for a socket's path: set TMPDIR to a shorter directory/);
      assert.equal(execFileSync('ls', [long], { encoding: 'utf8' }), '');
    });

    test('ready binaries: used without Go when complete, refused by name when not', async (t) => {
      const binaries = await findBinaries({ report: silent });
      assert.ok(binaries.ok);
      const shell = `${dirname(process.execPath)}${delimiter}/bin${delimiter}/usr/bin`;
      const environment = { KUBEBUILDER_ASSETS: binaries.value.directory, PATH: shell };
      const up = await runScript('control-plane.ts', ['up', '--nodes', '1'], environment);
      assert.match(
        up.output,
        /^Kubernetes v\S+ at https:\/\/127\.0\.0\.1:\d+, ready after \d+ ms\nexport KUBECONFIG=/m,
      );
      assert.equal(up.status, 0);

      const incomplete = temporaryDirectory(t);
      for (const program of programs.slice(0, 3))
        symlinkSync(join(binaries.value.directory, program), join(incomplete, program));
      const refused = await runScript('control-plane.ts', ['up'], { KUBEBUILDER_ASSETS: incomplete });
      assert.equal(refused.status, 1);
      assert.match(
        refused.output,
        /^KUBEBUILDER_ASSETS=\S+ lacks kubectl, simulated-kubelet: it must hold the executables etcd,/m,
      );
    });
  },
);
