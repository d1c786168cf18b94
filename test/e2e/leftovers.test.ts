import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';

import { startOwnControlPlane, type OwnControlPlane } from '../control-plane/control-plane.ts';
import { footprintOf } from '../control-plane/footprint.ts';
import { isAlive } from '../control-plane/is-alive.ts';
import { skipIsFailure, startedSuite, unavailable } from './suite.ts';
import { waitUntil } from './wait.ts';

const holder = join(import.meta.dirname, 'fixtures', 'hold-control-plane.ts');
const cycles = skipIsFailure ? 50 : 10;
const startMsMax = 5_000;
const residentMebibytesMax = 600;
const goneWithinMs = 10_000;

interface Held {
  readonly child: ChildProcess;
  readonly temporary: string;
  readonly directory: string;
  readonly pids: readonly number[];
}

const nothing = { ok: true, value: { stop: () => Promise.resolve() } } as const;

startedSuite(
  'what a control plane leaves behind',
  1,
  unavailable,
  () => Promise.resolve(nothing),
  () => {
    for (const signal of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) {
      test(`nothing when the test process ends by ${signal}`, async (t) => {
        const held = await hold(t);
        held.child.kill(signal);
        await untilEnded(held);
        await waitUntil(
          'the directory is gone',
          async () => existsSync(held.directory),
          (exists) => !exists,
          goneWithinMs,
        );
        assert.deepEqual(readdirSync(held.temporary), []);
      });
    }

    test('only a directory, which the next start removes, when the watchdog is killed too', async (t) => {
      const held = await hold(t);
      const watchdog = Number(readFileSync(join(held.directory, 'watchdog.pid'), 'utf8'));
      process.kill(watchdog, 'SIGKILL');
      held.child.kill('SIGKILL');
      await untilEnded(held);
      assert.equal(existsSync(held.directory), true);
      const next = await hold(t, held.temporary);
      assert.equal(existsSync(held.directory), false);
      next.child.kill('SIGKILL');
      await untilEnded(next);
    });

    test(`nothing after ${cycles} starts and stops`, async (t) => {
      const before = clusterDirectories();
      const startMs: number[] = [];
      const residentBytes: number[] = [];
      for (let cycle = 0; cycle < cycles; cycle += 1) {
        const started = await startOwnControlPlane({ kubelet: { nodes: 1 } });
        assert.ok(started.ok);
        const plane = started.value;
        const pids = [...plane.processes.values()];
        startMs.push(plane.startMs);
        residentBytes.push(residentBytesOf(pids));
        await plane.stop();
        assert.deepEqual(pids.filter(isAlive), [], `processes after cycle ${cycle}`);
        assert.equal(await isListening(plane), false, `port after cycle ${cycle}`);
      }
      assert.deepEqual(clusterDirectories(), before);
      const mebibytes = Math.round(median(residentBytes) / 2 ** 20);
      t.diagnostic(`median start ${Math.round(median(startMs))} ms, slowest ${Math.round(Math.max(...startMs))} ms`);
      t.diagnostic(`median resident set when ready ${mebibytes} MiB`);
      assert.ok(median(startMs) <= startMsMax);
      assert.ok(mebibytes <= residentMebibytesMax);
    });
  },
);

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

/** Only Linux tells. */
function residentBytesOf(pids: readonly number[]): number {
  if (process.platform !== 'linux') return 0;
  return pids.reduce((sum, pid) => sum + footprintOf(pid).residentBytes, 0);
}

/** Starts a control plane in a process of its own, with a directory of its own for temporary files. */
async function hold(t: TestContext, temporary = mkdtempSync(join(tmpdir(), 'held-'))): Promise<Held> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', holder], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(async () => {
    child.kill('SIGKILL');
    await waitUntil(
      'all is gone',
      async () => entriesOf(temporary),
      (names) => names.length === 0,
      goneWithinMs,
    );
    rmSync(temporary, { recursive: true, force: true });
  });
  assert.ok(child.stdout !== null);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, temporary, ...(JSON.parse(line) as { directory: string; pids: number[] }) };
}

function entriesOf(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

async function untilEnded({ pids }: Held): Promise<void> {
  await waitUntil(
    'all processes have ended',
    async () => pids.filter(isAlive),
    (left) => left.length === 0,
    goneWithinMs,
  );
}

function clusterDirectories(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('sluice-cluster-'));
}

async function isListening(plane: OwnControlPlane): Promise<boolean> {
  const { hostname, port } = plane.connection().server;
  return await new Promise((resolve) => {
    const socket = createConnection({ host: hostname, port: Number(port) });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
