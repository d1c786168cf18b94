import { parseScenario } from '../../src/simulator/scenario/parse-scenario.ts';
import { playScenario } from '../../src/simulator/scenario/play-scenario.ts';
import type { SimulatedWorld } from '../../src/simulator/simulated-world.ts';

/** What a controller did in an hour in which nothing happened. */
export interface RestingHour {
  /** Calls that would change the cluster. */
  readonly writes: number;
  /** The same since the beginning, so that nobody takes a controller that did nothing for one at rest. */
  readonly writesBefore: number;
  /** Decisions about Rollouts. */
  readonly passes: number;
  /** What else went wrong; empty when all is well. */
  readonly complaints: readonly string[];
}

const hourMs = 3_600_000;
/** Enough for every write, timer and answer of one Rollout. */
const eventsPerRollout = 20_000;
/** Rollouts are deployed, updated and then at rest in different ways. */
const kinds: readonly ((name: string) => readonly string[])[] = [
  (name) => [`canary ${name} 1 x shop:1`, '  steps: [{ setWeight: 50 }, { pause: { duration: 1s } }]'],
  (name) => [`canary ${name} 2 x shop:1 via a route`, '  steps: [{ setWeight: 20 }, { pause: { duration: 5s } }]'],
  (name) => [`blue-green ${name} 2 x shop:1`],
  (name) => [`canary ${name} 1 x shop:1`, '  steps: [{ setWeight: 50 }, { pause: {} }]'],
];

/** Updates so many Rollouts in virtual time, and lets an hour pass after the last of them has come to rest. */
export async function restForAnHour(count: number): Promise<RestingHour> {
  const names = Array.from({ length: count }, (_, index) => `web-${index}`);
  const text = [
    ...names.flatMap((name, index) => kinds[index % kinds.length]?.(name) ?? []),
    ...names.map((name) => `at 30s: set image ${name} shop:2`),
    '',
  ].join('\n');
  const [writes, passes]: [number[], number[]] = [[], []];
  let world: SimulatedWorld | undefined;
  const { complaints, endedMs } = await playScenario(parseScenario(text, `${count} Rollouts`, import.meta.dirname), {
    eventsMax: count * eventsPerRollout,
    isDisturbed: true,
    countsDelayMs: 1000,
    stableMs: hourMs,
    onWorld: (made) => {
      world = made;
    },
    observer: {
      onSend: ({ writer, atMs }) => {
        if (writer === 'sluice') writes.push(atMs);
      },
      onPass: () => passes.push(world?.time.nowMs ?? 0),
    },
  });
  const inTheHour = (times: readonly number[]): number => times.filter((atMs) => atMs > endedMs - hourMs).length;
  return { writes: inTheHour(writes), passes: inTheHour(passes), writesBefore: writes.length, complaints };
}
