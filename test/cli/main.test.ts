import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { raiseCanary } from '../server/stage.ts';
import { CliHarness } from './harness.ts';

const mainPath = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

describe('the program', () => {
  let cli: CliHarness;

  before(async () => {
    cli = await CliHarness.open();
    await raiseCanary(cli.stage);
  });
  after(() => cli.close());

  /** Runs it in a process of its own, which gets a signal once it has printed something. */
  function run(argv: readonly string[], signal?: NodeJS.Signals): Promise<{ code: number | null; stdout: string }> {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', mainPath, ...argv], {
      env: { PATH: process.env['PATH'] ?? '', SLUICE_STATE: cli.state },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    // Only once, however many pieces the output comes in: a second signal ends the program without more waiting.
    if (signal !== undefined) child.stdout.once('data', () => child.kill(signal));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout })));
  }

  it('talks to the API that its environment names, and ends by itself', async () => {
    const { code, stdout } = await run(['get', 'rollouts', '-n', 'shop', '-o', 'name']);
    assert.deepEqual([code, stdout], [0, 'rollout.argoproj.io/web\n']);
  });

  it('ends with 130 on an interrupt and with 143 when it is terminated', async () => {
    const results = await Promise.all([
      run(['status', 'web', '-n', 'shop'], 'SIGINT'),
      run(['get', 'rollouts', '-n', 'shop', '-w'], 'SIGTERM'),
    ]);
    assert.deepEqual(
      results.map(({ code }) => code),
      [130, 143],
    );
  });
});
