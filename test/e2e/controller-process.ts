import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { waitUntil } from './wait.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const fromSource: Program = { file: main, nodeFlags: ['--disable-warning=ExperimentalWarning'] };
const linesMax = 20_000;

/** One line of the controller's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** What is run: the entry point and flags of Node.js. */
export interface Program {
  readonly file: string;
  readonly nodeFlags: readonly string[];
  /** Beside PATH. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** `sluice controller` as a process of its own, on free ports of the loopback. */
export class ControllerProcess {
  readonly lines: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #complaints = '';

  constructor(
    kubeconfig: string,
    flags: readonly string[] = [],
    { file, nodeFlags, environment = {} }: Program = fromSource,
  ) {
    const words = ['controller', '--kubeconfig', kubeconfig, '--listen', '127.0.0.1', '--metrics-port', '0'];
    this.#child = spawn(process.execPath, [...nodeFlags, file, ...words, '--health-port', '0', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', ...environment },
    });
    this.#exited = once(this.#child, 'exit');
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#complaints = (this.#complaints + chunk.toString('utf8')).slice(-4000);
    });
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        // Every line of the log is JSON with these fields.
        if (this.lines.length < linesMax) this.lines.push(JSON.parse(line) as LogLine);
      });
    }
  }

  /** Waits until this process leads and works. */
  async leads(): Promise<void> {
    await waitUntil(
      'the controller leads',
      async () => {
        if (this.hasEnded) throw new Error(`the controller ended: ${this.#complaints}`);
        return await this.read('health', '/readyz');
      },
      (text) => text === 'ok: leading\n',
    );
  }

  /** A page of one of its ports; empty before it listens. */
  async read(port: 'health' | 'metrics', path: string): Promise<string> {
    const number = this.lines.find(({ msg }) => msg === 'the controller starts')?.[port];
    if (typeof number !== 'number') return '';
    const answer = await fetch(`http://127.0.0.1:${number}${path}`);
    return await answer.text();
  }

  /** Id of the process; 0 when it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it said in errors of its own. */
  get complaints(): string {
    return this.#complaints;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Sends a signal. */
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGUSR2'): void {
    this.#child.kill(name);
  }

  /** Ends it and waits for that; milliseconds that it took. */
  async end(name: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number> {
    const startMs = performance.now();
    if (!this.hasEnded) this.signal(name);
    await this.#exited;
    return performance.now() - startMs;
  }
}
