/**
 * What is remembered of the cumulative counters of all pods between two scrapes. Only in memory: after a restart the
 * first reading of each pod is a new starting point, which loses one interval and counts nothing twice.
 */
export interface CounterMemory {
  /**
   * Pods that started after this began counting at zero under our eyes; of others the first reading is only a start.
   */
  readonly sinceMs: number;
  readonly pods: ReadonlyMap<string, PodCounters>;
}

interface PodCounters extends Steadiness {
  readonly readAtMs: number;
  readonly restarts: number;
  /** Newest value of each series ever seen on this pod. */
  readonly values: ReadonlyMap<string, number>;
}

interface Steadiness {
  /** Steps back less restarts, from -1; a run of clean readings clears it. */
  readonly backwards: number;
  readonly cleanReadings: number;
}

/** The cumulative counters of one pod as just read. */
export interface PodReading {
  readonly pod: string;
  readonly atMs: number;
  /** When the pod started; the same for all its life, however often its containers were restarted. */
  readonly startedAtMs: number;
  /** How often its containers were restarted, as far as known. It may be known later than the counters show it. */
  readonly restarts: number;
  readonly values: ReadonlyMap<string, number>;
}

/** What one reading adds since the last one of the same pod. */
export interface CounterDeltas {
  readonly reading: PodReading;
  /** Absent when it adds nothing: it is a new starting point, or it was refused. */
  readonly deltas?: ReadonlyMap<string, number>;
  /** What was repaired or refused, for a person. */
  readonly note?: string;
}

/** A pod whose counters went back this often without a restart is left out. */
const backwardsMax = 2;

/** Readings without a step back that clear a pod's record. */
const cleanReadingsMin = 20;

/** A pod that was not read for so long is forgotten. */
const forgetAfterMs = 15 * 60_000;

/** Series that are kept of one pod. */
const seriesMax = 5000;

/** A memory that starts now. */
export function emptyCounters(nowMs: number): CounterMemory {
  return { sinceMs: nowMs, pods: new Map() };
}

/**
 * Turns cumulative counters into what was counted since the last reading of the same pod.
 *
 * - Of a pod that was never read, the first reading is a starting point; only a pod that started after the memory began
 *   counted everything since then.
 * - A missing reading only lengthens the next interval, except where the last one is before `countedFromMs`: those
 *   counts would be compared with others of another time, so the reading is a new starting point.
 * - A series that was not there at the last reading counted from zero.
 * - A series that went back was reset: its new value counts. A pod where this happens again without a restart is
 *   not one process, and adds nothing until it has been steady for 20 readings.
 * - A negative, infinite or missing number makes a reading worthless; the last good one stays the starting point.
 */
export function readCounters(
  memory: CounterMemory,
  readings: readonly PodReading[],
  countedFromMs: number,
): { readonly memory: CounterMemory; readonly results: readonly CounterDeltas[] } {
  const pods = new Map(memory.pods);
  const results = readings.map((reading): CounterDeltas => {
    const problem = readingProblem(reading);
    if (problem !== undefined) return { reading, note: `${reading.pod}: ${problem}; this reading is left out` };
    const before = pods.get(reading.pod);
    if (before !== undefined && reading.atMs <= before.readAtMs) return { reading };
    const { after, ...result } = before === undefined ? firstReading(memory, reading) : nextReading(before, reading);
    pods.set(reading.pod, after);
    const outOfStep = before !== undefined && before.readAtMs < countedFromMs && result.deltas !== undefined;
    return outOfStep ? { reading, note: `${reading.pod}: was silent for too long and starts anew` } : result;
  });
  return { memory: forgetSilentPods({ sinceMs: memory.sinceMs, pods }, readings), results };
}

/**
 * Forgets pods that were not read for 15 minutes. The memory then starts now, so that a forgotten pod that comes back
 * is not counted from zero a second time.
 */
function forgetSilentPods(memory: CounterMemory, readings: readonly PodReading[]): CounterMemory {
  const nowMs = readings.reduce((latest, { atMs }) => Math.max(latest, atMs), memory.sinceMs);
  const silent = [...memory.pods].filter(([, { readAtMs }]) => nowMs - readAtMs > forgetAfterMs);
  if (silent.length === 0) return memory;
  const pods = new Map(memory.pods);
  for (const [pod] of silent) pods.delete(pod);
  return { sinceMs: nowMs, pods };
}

function readingProblem({ values }: PodReading): string | undefined {
  if (values.size > seriesMax) return `${values.size} series to count, more than ${seriesMax}`;
  for (const [key, value] of values) {
    if (!Number.isFinite(value) || value < 0) return `the counter ${key.slice(0, 120)} is ${value}`;
  }
  return undefined;
}

type ReadPod = CounterDeltas & { readonly after: PodCounters };

function firstReading(memory: CounterMemory, reading: PodReading): ReadPod {
  const after = remember(reading, reading.values, { backwards: 0, cleanReadings: 0 });
  return reading.startedAtMs > memory.sinceMs ? { after, reading, deltas: reading.values } : { after, reading };
}

function nextReading(before: PodCounters, reading: PodReading): ReadPod {
  const deltas = new Map<string, number>();
  let wentBack: string | undefined;
  for (const [key, value] of reading.values) {
    const last = before.values.get(key) ?? 0;
    if (value < last) wentBack ??= key;
    deltas.set(key, value < last ? value : value - last);
  }
  const steadiness = nextSteadiness(before, wentBack !== undefined, reading.restarts - before.restarts);
  // Series that a restarted pod does not show died with the old process; kept, they would go back when they come.
  const kept = reading.restarts > before.restarts ? reading.values : withMissing(before.values, reading.values);
  const after = remember(reading, kept, steadiness);
  if (steadiness.backwards >= backwardsMax) return { after, reading, note: unsteadyNote(reading.pod) };
  if (wentBack === undefined) return { after, reading, deltas };
  return { after, reading, deltas, note: `${reading.pod}: ${wentBack.slice(0, 120)} went back and is taken as reset` };
}

function unsteadyNote(pod: string): string {
  return `${pod}: counters go back without a restart, so it is left out. Do several processes answer on one port?`;
}

/** A restart excuses one step back, be it known before or after the counters show it; hence records below zero. */
function nextSteadiness(before: Steadiness, wentBack: boolean, newRestarts: number): Steadiness {
  const backwards = Math.max(-1, before.backwards + (wentBack ? 1 : 0) - Math.max(0, newRestarts));
  const cleanReadings = wentBack ? 0 : before.cleanReadings + 1;
  return cleanReadings >= cleanReadingsMin ? { backwards: 0, cleanReadings: 0 } : { backwards, cleanReadings };
}

/** Series that are not on the page now keep their value, so that they are not counted anew when they come back. */
function withMissing(old: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  let all: Map<string, number> | undefined;
  for (const [key, value] of old) {
    if (now.has(key) || (all ?? now).size >= seriesMax) continue;
    all ??= new Map(now);
    all.set(key, value);
  }
  return all ?? now;
}

function remember(reading: PodReading, values: ReadonlyMap<string, number>, steadiness: Steadiness): PodCounters {
  return { readAtMs: reading.atMs, restarts: reading.restarts, values, ...steadiness };
}
