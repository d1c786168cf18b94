import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { isAlive } from './is-alive.ts';
import { PortLostError } from './port.ts';

const directoryPrefix = 'sluice-cluster-';
const watchdogFile = join(import.meta.dirname, 'watchdog.sh');
const stopTimeoutMs = 15_000;
const pollMs = 25;
/** A directory without a watchdog's mark may be one that is being set up right now. */
const unmarkedAgeMsMin = 10 * 60_000;
const logTailLines = 8;

/** What to start. */
export interface ProcessSpec {
  readonly name: string;
  readonly file: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A process that was started. */
export interface RunningProcess {
  readonly spec: ProcessSpec;
  readonly pid: number;
  /** Settles when it has ended, with a sentence that says how. */
  readonly ended: Promise<string>;
}

/**
 * A directory and the processes that live in it. A watchdog outlives this process: when this one ends in whatever way,
 * it kills them and removes the directory.
 */
export class Supervisor {
  readonly directory: string;
  readonly #watchdog: ChildProcess;
  readonly #running = new Map<string, RunningProcess & { readonly child: ChildProcess; expected: boolean }>();
  readonly #failures: string[] = [];

  private constructor(directory: string, watchdog: ChildProcess) {
    this.directory = directory;
    this.#watchdog = watchdog;
  }

  /** Makes the directory below the system's directory for temporary files. */
  static async start(report: (line: string) => void): Promise<Supervisor> {
    removeLeftovers(report);
    const directory = mkdtempSync(join(tmpdir(), directoryPrefix));
    mkdirSync(join(directory, 'logs'));
    const watchdog = spawn('/bin/sh', [watchdogFile, directory], {
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
      cwd: '/',
    });
    await once(watchdog, 'spawn');
    // A broken pipe shows as the watchdog's exit.
    watchdog.stdin?.on('error', () => undefined);
    return new Supervisor(directory, watchdog);
  }

  /** Starts a process; what it prints goes to `logs/NAME.log`. */
  async spawn(spec: ProcessSpec): Promise<RunningProcess> {
    const log = openSync(this.logFile(spec.name), 'a');
    try {
      const child = spawn(spec.file, spec.arguments, {
        cwd: this.directory,
        stdio: ['ignore', log, log],
        env: { PATH: process.env['PATH'] ?? '', ...spec.environment, SLUICE_PARENT: String(process.pid) },
      });
      const ended = endOf(child, spec.name);
      await once(child, 'spawn');
      const pid = child.pid;
      if (pid === undefined) throw new Error(`${spec.name} has no process id`);
      this.#tell(`+${pid}`);
      const running = { spec, pid, ended, child, expected: false };
      this.#running.set(spec.name, running);
      void ended.then((how) => {
        this.#tell(`-${pid}`);
        if (this.#running.get(spec.name) === running) this.#running.delete(spec.name);
        if (!running.expected) this.#failures.push(`${how}; the end of its log:\n${this.logTail(spec.name)}`);
      });
      return running;
    } finally {
      closeSync(log);
    }
  }

  /** Ends one process and waits for it. */
  async end(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const running = this.#running.get(name);
    if (running === undefined) return;
    running.expected = true;
    running.child.kill(signal);
    const timer = setTimeout(() => running.child.kill('SIGKILL'), stopTimeoutMs);
    await running.ended;
    clearTimeout(timer);
  }

  /** The processes that run now. */
  get processes(): readonly RunningProcess[] {
    return [...this.#running.values()];
  }

  /** What ended although nobody asked it to. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /**
   * Waits for a condition. A process that ends meanwhile, or the deadline, ends the wait with what the logs say;
   * `otherwise` is the sentence for the latter case.
   */
  async until(holds: () => boolean | Promise<boolean>, otherwise: string, signal: AbortSignal): Promise<void> {
    while (!(await holds())) {
      this.#throwFailures();
      if (signal.aborted) {
        const logs = this.processes.map(({ spec }) => `${spec.name}:\n${this.logTail(spec.name)}`);
        throw new Error(`${otherwise} in time; the ends of the logs:\n${logs.join('\n')}`);
      }
      await delay(pollMs);
    }
    this.#throwFailures();
  }

  #throwFailures(): void {
    const failures = this.#failures.join('\n');
    if (failures === '') return;
    if (failures.includes('address already in use')) throw new PortLostError(failures);
    if (failures.includes('no space left on device')) throw new Error(`the disk is full: free some space\n${failures}`);
    throw new Error(failures);
  }

  logFile(name: string): string {
    return join(this.directory, 'logs', `${name}.log`);
  }

  logTail(name: string): string {
    const file = this.logFile(name);
    if (!existsSync(file)) return '';
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-logTailLines).join('\n');
  }

  /** Ends everything and removes the directory. */
  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.end(name)));
    const gone = this.#watchdog.exitCode === null ? once(this.#watchdog, 'exit') : undefined;
    this.#watchdog.stdin?.end();
    await gone;
    rmSync(this.directory, { recursive: true, force: true });
  }

  #tell(line: string): void {
    if (this.#watchdog.stdin?.writable === true) this.#watchdog.stdin.write(`${line}\n`);
  }
}

function endOf(child: ChildProcess, name: string): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`${name} could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      resolve(`${name} ended ${signal === null ? `with status ${code}` : `by ${signal}`}`);
    });
  });
}

/** Removes directories of clusters whose test process and watchdog were both killed. */
function removeLeftovers(report: (line: string) => void): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(directoryPrefix))) {
    const directory = join(tmpdir(), name);
    if (!isLeftover(directory)) continue;
    report(`removing ${directory}, which a killed test run left behind`);
    rmSync(directory, { recursive: true, force: true });
  }
}

function isLeftover(directory: string): boolean {
  try {
    const mark = join(directory, 'watchdog.pid');
    if (existsSync(mark)) return !isAlive(Number.parseInt(readFileSync(mark, 'utf8'), 10));
    return Date.now() - statSync(directory).mtimeMs > unmarkedAgeMsMin;
  } catch {
    return false; // somebody else is removing it
  }
}
