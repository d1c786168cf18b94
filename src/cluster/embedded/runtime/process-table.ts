import { readdirSync, readFileSync } from 'node:fs';

/** A process of this machine that cannot be confused with a later one of the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in clock ticks since boot, as /proc/PID/stat says. */
  readonly startTime: string;
  /** Names the boot, because both numbers begin again with every boot. */
  readonly bootId: string;
}

/** One line of /proc/PID/stat. */
interface ProcessStat {
  readonly state: string;
  readonly group: number;
  readonly startTime: string;
}

/** The identity of a process that runs now; undefined when there is none of this number. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat === undefined ? undefined : { pid, startTime: stat.startTime, bootId: bootId() };
}

/** Whether this very process still runs. A zombie, which only waits to be reaped, does not. */
export function isAlive({ pid, startTime, bootId: boot }: ProcessIdentity): boolean {
  if (boot !== bootId()) return false;
  const stat = readStat(pid);
  return stat !== undefined && stat.startTime === startTime && stat.state !== 'Z' && stat.state !== 'X';
}

/** Sends a signal to a process, or to its whole group. That it is gone already is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals, to: 'process' | 'group'): void {
  try {
    process.kill(to === 'group' ? -pid : pid, signal);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Numbers and groups of the processes whose environment has this entry, e.g. `NAME=value`. */
export function processesWithVariable(entry: string): readonly { readonly pid: number; readonly group: number }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && hasVariable(name, entry))
    .flatMap((name) => {
      const stat = readStat(Number(name));
      return stat === undefined || stat.state === 'Z' ? [] : { pid: Number(name), group: stat.group };
    });
}

function readStat(pid: number): ProcessStat | undefined {
  const text = readOrMissing(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name in parentheses may itself contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', , group = ''] = fields;
  return { state, group: Number(group), startTime: fields[19] ?? '' };
}

function hasVariable(pid: string, entry: string): boolean {
  return readOrMissing(`/proc/${pid}/environ`)?.split('\0').includes(entry) === true;
}

let knownBootId: string | undefined;

function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return knownBootId;
}

/** Processes come and go, and those of other users are none of our business. */
function readOrMissing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM';
}
