import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import type { RolloutDetail } from '../../../src/server/view/rollout-detail.ts';

/** `sluice run` in a process of its own. */
export interface SluiceProcess {
  readonly gatewayUrl: string;
  readonly apiUrl: string;
  readonly stateDirectory: string;
  /** The command that started it, for a shell. */
  readonly command: string;
  /** The Rollout as the API shows it; undefined while it does not exist or the API does not answer. */
  read(): Promise<RolloutDetail | undefined>;
  stop(): Promise<void>;
}

/** What it is started with. */
export interface SluiceOptions {
  readonly directory: string;
  readonly repository: string;
  readonly images: string;
  readonly signal: AbortSignal;
}

const mainPath = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const startTimeoutMs = 20_000;
const stopTimeoutMs = 20_000;

/** Starts Sluice on free ports and waits until its API answers. */
export async function startSluice(options: SluiceOptions): Promise<SluiceProcess> {
  const { directory, repository, images, signal } = options;
  const stateDirectory = path.join(directory, 'state');
  const [gatewayPort, apiPort] = [await freePort(), await freePort()];
  const args = [
    '--disable-warning=ExperimentalWarning',
    mainPath,
    'run',
    '--repo',
    repository,
    '--ref',
    'main',
    '--path',
    'deploy',
    '--interval',
    '500ms',
    '--images',
    images,
    '--state',
    stateDirectory,
    '--gateway-port',
    String(gatewayPort),
    '--api-port',
    String(apiPort),
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = `${errors}${chunk.toString()}`.slice(-4000);
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const apiUrl = `http://127.0.0.1:${apiPort}`;
  const sluice: SluiceProcess = {
    gatewayUrl: `http://127.0.0.1:${gatewayPort}/`,
    apiUrl,
    stateDirectory,
    command: [process.execPath, ...args].join(' '),
    read: () => readRollout(apiUrl, stateDirectory),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
      await ended;
      clearTimeout(timer);
    },
  };
  const until = performance.now() + startTimeoutMs;
  while ((await sluice.read()) === undefined) {
    if (child.exitCode !== null) throw new Error(`Sluice ended at once: ${errors}`);
    if (performance.now() > until || signal.aborted) {
      await sluice.stop();
      throw new Error(`Sluice did not come up: ${errors}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return sluice;
}

async function readRollout(apiUrl: string, stateDirectory: string): Promise<RolloutDetail | undefined> {
  try {
    const token = (await readFile(path.join(stateDirectory, 'token'), 'utf8')).trim();
    const response = await fetch(`${apiUrl}/api/v1/namespaces/default/rollouts/checkout`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(2000),
    });
    return response.ok ? ((await response.json()) as RolloutDetail) : undefined;
  } catch {
    // It is not up yet, or was just killed: whoever asks looks again.
    return undefined;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
