import { readFileSync } from 'node:fs';

/** What a process uses; only Linux tells. */
export interface Footprint {
  /** Resident set: shared pages count in every process that maps them. */
  readonly residentBytes: number;
  /** Proportional set: shared pages count once over all. */
  readonly proportionalBytes: number;
  readonly cpuSeconds: number;
}

/** Clock ticks per second of /proc (USER_HZ), which is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Reads the footprint of a living process. */
export function footprintOf(processId: number): Footprint {
  const memory = readFileSync(`/proc/${processId}/smaps_rollup`, 'utf8');
  const bytes = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(memory)?.[1]) * 1024;
  // The name in parentheses may contain spaces; user and system time are fields 14 and 15.
  const fields = readFileSync(`/proc/${processId}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return {
    residentBytes: bytes('Rss'),
    proportionalBytes: bytes('Pss'),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
  };
}
