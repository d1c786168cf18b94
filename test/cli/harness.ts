import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runCli } from '../../src/cli/cli.ts';
import type { CliContext } from '../../src/cli/context.ts';
import type { ReachCluster } from '../../src/cli/direct/reach-cluster.ts';
import type { RunFactory } from '../../src/cli/run-request.ts';
import { writeAccess } from '../../src/server/access-file.ts';
import { Stage } from '../server/stage.ts';

/** What one call of the tool left behind. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What may be different about the process in a test. */
export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly terminal?: { readonly columns: number; readonly rows: number };
  readonly run?: RunFactory;
  readonly reachCluster?: ReachCluster;
  readonly signal?: AbortSignal;
  /** Called with everything that was written so far. */
  readonly onOutput?: (stdout: string) => void;
}

/** The tool in this process, and a real API to talk to. */
export class CliHarness {
  readonly stage = new Stage({ limits: { watchIntervalMs: 1 } });
  readonly directory: string;
  url = '';

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async open(): Promise<CliHarness> {
    const harness = new CliHarness(await mkdtemp(join(tmpdir(), 'sluice-cli-')));
    harness.url = await harness.stage.listen();
    await writeAccess(harness.state, harness.url, harness.stage.token);
    return harness;
  }

  get state(): string {
    return join(this.directory, 'state');
  }

  async close(): Promise<void> {
    await this.stage.close();
    await rm(this.directory, { recursive: true });
  }

  /** Calls the tool; the API is found by the environment unless the test says otherwise. */
  async call(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    let [stdout, stderr] = ['', ''];
    const { terminal } = options;
    const size = { columns: terminal?.columns ?? 0, rows: terminal?.rows ?? 0 };
    const context: CliContext = {
      argv,
      env: { SLUICE_STATE: this.state, ...options.env },
      stdout: {
        write: (text) => {
          stdout += text;
          options.onOutput?.(stdout);
        },
        isTerminal: terminal !== undefined,
        ...size,
      },
      stderr: { write: (text) => void (stderr += text), isTerminal: false, ...size },
      stdin: inputOf(options.stdin ?? ''),
      workingDirectory: this.directory,
      homeDirectory: this.directory,
      user: 'ada',
      version: '0.0.0-test',
      clock: this.stage.clock,
      signal: options.signal ?? new AbortController().signal,
      ...(options.run === undefined ? {} : { run: options.run }),
      ...(options.reachCluster === undefined ? {} : { reachCluster: options.reachCluster }),
    };
    const code = await runCli(context);
    return { code, stdout, stderr };
  }

  /** Calls the tool and expects that all goes well. */
  async print(argv: readonly string[], options: CliOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.call(argv, options);
    assert.deepEqual([code, stderr], [0, '']);
    return stdout;
  }
}

async function* inputOf(text: string): AsyncGenerator<string> {
  await Promise.resolve();
  yield text;
}

/** Compares a text with a file under test/golden/cli; SLUICE_UPDATE_GOLDEN=1 rewrites the file. */
export async function matchGolden(name: string, text: string): Promise<void> {
  const path = new URL(`../golden/cli/${name}`, import.meta.url);
  if (process.env['SLUICE_UPDATE_GOLDEN'] === '1') await writeFile(path, text);
  assert.equal(text, await readFile(path, 'utf8'), `differs from test/golden/cli/${name}`);
}
