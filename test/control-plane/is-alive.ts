import { existsSync, readFileSync } from 'node:fs';

/** True when a process with this id runs, ours or not. A zombie has ended; it only waits for its parent. */
export function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return !isZombie(processId);
}

function isZombie(processId: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${processId}/status`, 'utf8'));
  } catch {
    return existsSync('/proc/self'); // it ended just now; without /proc nobody can tell
  }
}
