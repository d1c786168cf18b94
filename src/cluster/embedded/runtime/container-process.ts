import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';

import type { Clock } from '../../../base/clock.ts';
import { messageOf } from '../../../base/error.ts';
import { openLog } from './log-file.ts';
import { identifyProcess, isAlive, sendSignal, type ProcessIdentity } from './process-table.ts';

/** How a process ended. */
export interface ProcessEnd {
  /** 128 plus the number of the signal when a signal ended it, as shells count. */
  readonly exitCode: number;
  /** Says more when the exit code alone does not tell. */
  readonly reason?: string;
  readonly message?: string;
}

/** What to run. */
export interface ProcessCommand {
  readonly command: readonly string[];
  readonly workingDirectory: string;
  readonly environment: ReadonlyMap<string, string>;
  readonly logPath: string;
}

/** A process with a group of its own, which no process of it can outlive. */
export interface ContainerProcess {
  /** Absent when it could not be started. */
  readonly identity: ProcessIdentity | undefined;
  readonly ended: Promise<ProcessEnd>;
  /** Signals the process itself, as a container's first process is signalled, or with `group` all of it. */
  signal(signal: NodeJS.Signals, to: 'process' | 'group'): void;
  /** Leaves the process running when this process ends. */
  leave(): void;
}

/** How often an adopted process is looked at: its parent is gone, so nobody tells of its end. */
const adoptedPollMs = 200;

/** Exit code of a program that cannot be started, as shells count. */
const cannotStart = 128;

/** Starts a process in a group of its own, with its output going to the log. */
export function startProcess({ command, workingDirectory, environment, logPath }: ProcessCommand): ContainerProcess {
  const [program = '', ...args] = command;
  let child: ChildProcess;
  try {
    const log = openLog(logPath);
    try {
      const env = Object.fromEntries(environment);
      child = spawn(program, args, { cwd: workingDirectory, env, stdio: ['ignore', log, log], detached: true });
    } finally {
      closeSync(log);
    }
  } catch (error) {
    return unstarted(startError(error));
  }
  const { pid } = child;
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.on('error', (error) => resolve(startError(error)));
    child.on('exit', (code, signal) => {
      if (pid !== undefined) sendSignal(pid, 'SIGKILL', 'group');
      resolve(code === null ? signalEnd(signal ?? 'SIGKILL') : { exitCode: code });
    });
  });
  return {
    identity: pid === undefined ? undefined : identifyProcess(pid),
    ended,
    signal: (signal, to) => pid !== undefined && sendSignal(pid, signal, to),
    leave: () => child.unref(),
  };
}

/** Takes over a process that an earlier life of this process started. How it ends can no longer be known. */
export function adoptProcess(identity: ProcessIdentity, clock: Clock): ContainerProcess {
  const { promise, resolve } = Promise.withResolvers<ProcessEnd>();
  let cancel = (): void => undefined;
  const look = (): void => {
    if (isAlive(identity)) {
      cancel = clock.schedule(adoptedPollMs, look);
      return;
    }
    sendSignal(identity.pid, 'SIGKILL', 'group');
    resolve(unknownEnd);
  };
  cancel = clock.schedule(0, look);
  return {
    identity,
    ended: promise,
    signal(signal, to) {
      if (isAlive(identity)) sendSignal(identity.pid, signal, to);
    },
    leave: () => cancel(),
  };
}

/** The end of a process that nobody saw. */
export const unknownEnd: ProcessEnd = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The process ended while nobody was there to see how.',
};

function unstarted(end: ProcessEnd): ContainerProcess {
  return { identity: undefined, ended: Promise.resolve(end), signal: () => undefined, leave: () => undefined };
}

function startError(error: unknown): ProcessEnd {
  return { exitCode: cannotStart, reason: 'StartError', message: messageOf(error) };
}

const signalNumbers: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};

function signalEnd(signal: NodeJS.Signals): ProcessEnd {
  return { exitCode: 128 + (signalNumbers[signal] ?? 0), message: `ended by ${signal}` };
}
