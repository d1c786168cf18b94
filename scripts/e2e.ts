import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { messageOf } from '../src/base/error.ts';
import { startControlPlane, type ControlPlane, type OwnControlPlane } from '../test/control-plane/control-plane.ts';
import { footprintOf } from '../test/control-plane/footprint.ts';

// Runs the end-to-end tests. The control plane is built first when its cache has no build of these sources. Exit
// status: that of the tests; 0 with one line when this machine can have no control plane, but 1 where CI is set.

const mebibyte = 2 ** 20;
const mustRun = !['', '0', 'false', undefined].includes(process.env['CI']);

process.exitCode = await main();

async function main(): Promise<number> {
  let plane;
  try {
    const started = await startControlPlane();
    if (!started.ok) {
      console.error(
        `end-to-end tests are ${mustRun ? 'not possible, which fails where CI is set' : 'skipped'}: ${started.error}`,
      );
      return mustRun ? 1 : 0;
    }
    plane = started.value;
    describe(plane);
  } catch (error) {
    console.error(`the control plane does not start: ${messageOf(error)}`);
    return 1;
  } finally {
    await plane?.stop();
  }
  return await runTests();
}

function describe(plane: ControlPlane): void {
  console.log(
    `control plane: Kubernetes ${plane.version} (${plane.kind}), built in ${seconds(plane.buildMs)}, ready after ${seconds(plane.startMs)}`,
  );
  if (plane.kind !== 'own' || process.platform !== 'linux') return;
  // Only a control plane of our own says it is one.
  const { processes } = plane as OwnControlPlane;
  const prints = [...processes].map(([program, pid]) => ({ program, ...footprintOf(pid) }));
  const sum = (field: 'residentBytes' | 'proportionalBytes'): number =>
    Math.round(prints.reduce((total, print) => total + print[field], 0) / mebibyte);
  const each = prints.map(({ program, residentBytes }) => `${program} ${Math.round(residentBytes / mebibyte)}`);
  console.log(
    `control plane: RSS ${sum('residentBytes')} MiB (${each.join(', ')}), PSS ${sum('proportionalBytes')} MiB`,
  );
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

async function runTests(): Promise<number> {
  const only = process.argv.slice(2);
  const files = only.length > 0 ? only : ['test/e2e/**/*.test.ts'];
  const flags = ['--disable-warning=ExperimentalWarning', '--test', '--test-isolation=none'];
  const child = spawn(process.execPath, [...flags, ...files], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? 1;
}
