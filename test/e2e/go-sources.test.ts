import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { findGo } from '../control-plane/binaries.ts';

const run = promisify(execFile);
const cwd = join(import.meta.dirname, '..', 'control-plane');
const go = await findGo(process.env);
const skip = go.ok ? false : go.error;
const timeout = 600_000;

test('the Go sources are formatted', { skip }, async () => {
  const { stdout } = await run('gofmt', ['-l', '.'], { cwd, timeout });
  assert.equal(stdout, '');
});

test('the simulated kubelet passes its own tests', { skip }, async () => {
  // The flags are those of the build, so that its packages need not be compiled again.
  const env = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' };
  const { stdout } = await run('go', ['test', '-trimpath', '-vet=off', './kubelet'], { cwd, env, timeout });
  assert.match(stdout, /^ok\s+sluice\.dev\/control-plane\/kubelet/);
});
