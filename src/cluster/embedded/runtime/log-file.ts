import { closeSync, ftruncateSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Size beyond which the older half of a log is dropped, in bytes. */
export const logByteCountMax = 1024 * 1024;

/**
 * Opens a log for a process to write to. The process writes straight into the file, so that its output does not need
 * this process to be alive. Always appended, so that the file may be cut while it is written.
 */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, 'a');
}

/**
 * Cuts a log that has grown too long to its newest half, at the beginning of a line. What the process writes in the
 * very moment of the cut can be lost.
 */
export function trimLog(path: string, byteCountMax: number = logByteCountMax): void {
  const file = openSync(path, 'a+');
  try {
    const { size } = fstatSync(file);
    if (size <= byteCountMax) return;
    const tail = Buffer.alloc(Math.floor(byteCountMax / 2));
    const read = readSync(file, tail, 0, tail.length, size - tail.length);
    ftruncateSync(file, 0);
    const lineStart = tail.indexOf('\n') + 1;
    writeSync(file, tail.subarray(lineStart, read));
  } finally {
    closeSync(file);
  }
}
