import type { KubeObject } from '../src/api/object.ts';
import type { RolloutStatus } from '../src/api/rollout.ts';
import { revisionAnnotation } from '../src/engine/revision.ts';
import type { Commit } from '../src/simulator/ledger.ts';
import { parseScenario } from '../src/simulator/scenario/parse-scenario.ts';
import { playScenario } from '../src/simulator/scenario/play-scenario.ts';

// What a simulated Rollout costs when there are many: each has 5 pods and 4 steps, is deployed and updated once, and
// every invariant is checked after every write. The baseline is 100 of them in the same run; 1,000 may cost 12 times
// as much. Processor time is counted. Exit status 1 when the goal is missed.

const goalRatio = 12;
const counts = { few: 100, many: 1000 };
/** Enough for every write, timer and answer of one Rollout. */
const eventsPerRollout = 20_000;

function scenarioText(count: number): string {
  const names = Array.from({ length: count }, (_, index) => `web-${index}`);
  const steps = '[{ setWeight: 20 }, { pause: { duration: 5s } }, { setWeight: 60 }, { pause: { duration: 5s } }]';
  return [
    ...names.flatMap((name) => [`canary ${name} 5 x shop:1`, `  steps: ${steps}`]),
    ...names.map((name) => `at 30s: set image ${name} shop:2`),
    '',
  ].join('\n');
}

function isUpdated({ metadata, status }: KubeObject & { readonly status?: RolloutStatus }): boolean {
  const isSecond = metadata.annotations?.[revisionAnnotation] === '2';
  return isSecond && status?.phase === 'Healthy' && status.stableRS === status.currentPodHash;
}

/** Processor time in seconds. */
async function cost(count: number): Promise<number> {
  const scenario = parseScenario(scenarioText(count), `${count} Rollouts`, import.meta.dirname);
  const latest = new Map<string, KubeObject>();
  const onCommit = ({ kind, object }: Commit): void => {
    if (kind === 'Rollout') latest.set(object.metadata.name, object);
  };
  const start = process.cpuUsage();
  const { complaints } = await playScenario(scenario, {
    eventsMax: count * eventsPerRollout,
    isDisturbed: true,
    observer: { onCommit },
  });
  const { user, system } = process.cpuUsage(start);
  if (complaints.length > 0) throw new Error(complaints.slice(0, 5).join('\n'));
  const updated = [...latest.values()].filter(isUpdated).length;
  if (updated !== count) throw new Error(`${updated} of ${count} Rollouts came to their second revision`);
  return (user + system) / 1e6;
}

// Warms the compiler up.
await cost(10);
const few = await cost(counts.few);
console.log(`baseline: ${counts.few} Rollouts cost ${few.toFixed(1)} CPU seconds`);
const many = await cost(counts.many);
const ratio = many / few;
const isMet = ratio <= goalRatio;
console.log(
  `${counts.many} Rollouts cost ${many.toFixed(1)} CPU seconds, ${ratio.toFixed(1)} x the baseline ` +
    `(goal ${goalRatio}): ${isMet ? 'met' : 'MISSED'}`,
);
if (!isMet) process.exitCode = 1;
