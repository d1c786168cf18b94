import { silentLog, type Log } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/cluster/embedded/embedded-cluster.ts';
import { startNodeAgent } from '../../../src/cluster/embedded/runtime/node-agent.ts';
import { startWorkloads } from '../../../src/cluster/embedded/workloads/workloads.ts';
import { createController } from '../../../src/controller/controller.ts';
import type { HttpPort } from '../../../src/controller/http-port.ts';
import { createMemoryJournal } from '../../../src/controller/journal.ts';
import { metricProviders } from '../../../src/providers/metrics/registry.ts';
import { trafficRouters } from '../../../src/providers/traffic/registry.ts';
import { VirtualClock } from '../../cluster/embedded/virtual-clock.ts';
import { servedKinds } from './life-kinds.ts';
import { askedBy, lifeMetrics, type AskedCounts } from './life-metrics.ts';
import { lifePods } from './life-pods.ts';
import { LifeStage, type LifePlace, type Replay } from './life-stage.ts';
import type { Life, RecordedLife } from './life.ts';

/** The namespace in which lives are replayed. */
export const lifeNamespace = 'golden-life';

/** How long a controller that was started in the middle of a life is waited for. */
const startMs = 50;

/** Replays a life: the same manifests and actions, on the embedded cluster, in virtual time. */
export async function replayLife(life: Life, log: Log = silentLog): Promise<Replay> {
  const { clock, actors, stage } = setUp(life, new Map(), log);
  const started = actors.controller.start();
  // A life begins at a whole second, so that stored times are cut as they were.
  await clock.advance(1000);
  await started;
  await stage.begin();
  return await finish(clock, actors, stage);
}

/**
 * Replays a life of which somebody else did the first part: the first `entries` entries of the recording are written as
 * they were recorded; then Sluice's controller is started, and goes on.
 */
export async function takeOverLife(life: RecordedLife, entries: number, log: Log = silentLog): Promise<Replay> {
  const asked: AskedCounts = new Map();
  const { clock, actors, stage } = setUp(life, asked, log);
  await clock.advance(1000);
  await stage.begin();
  await stage.follow(life.trace.slice(0, entries));
  for (const [key, count] of askedBy(stage.objects.values())) asked.set(key, count);
  const started = actors.controller.start();
  await clock.advance(startMs);
  await started;
  return await finish(clock, actors, stage);
}

interface Setting {
  readonly clock: VirtualClock;
  readonly actors: Actors;
  readonly stage: LifeStage;
}

function setUp(life: Life, asked: AskedCounts, log: Log): Setting {
  const clock = new VirtualClock();
  const random = seededRandom(7);
  const resources = servedKinds();
  const cluster = createEmbeddedCluster({ clock, random: random.fork('cluster'), freeze: true, resources });
  const stage = new LifeStage(life, placeOf(cluster, clock));
  cluster.log.subscribe((change) => stage.take(change));
  return { clock, stage, actors: startActors(lifeMetrics(life, asked), cluster, clock, random, log) };
}

function placeOf(cluster: EmbeddedCluster, clock: VirtualClock): LifePlace {
  return {
    cluster,
    namespace: lifeNamespace,
    now: () => clock.now(),
    advance: (durationMs) => clock.advance(durationMs),
    async during(work) {
      const settled = Promise.allSettled([work]);
      await clock.advance(1);
      await settled;
      return work;
    },
  };
}

async function finish(
  clock: VirtualClock,
  { controller, workloads, agent, cluster }: Actors,
  stage: LifeStage,
): Promise<Replay> {
  const problem = await stage.play();
  const stops = Promise.all([controller.stop(), workloads.stop(), agent.stop('end')]);
  await clock.advance(60_000);
  await stops;
  cluster.close();
  return stage.replay(problem);
}

type Actors = ReturnType<typeof startActors>;

/** Whoever acts on the cluster: the controllers of the built-in kinds, the node, and Sluice's own controller. */
function startActors(
  http: HttpPort,
  cluster: EmbeddedCluster,
  clock: VirtualClock,
  random: ReturnType<typeof seededRandom>,
  log: Log,
) {
  const common = { cluster, clock, log: silentLog };
  return {
    cluster,
    workloads: startWorkloads({ ...common, random: random.fork('workloads') }),
    agent: startNodeAgent({
      ...common,
      random: random.fork('agent'),
      runtime: lifePods(clock, random.fork('pods')),
    }),
    controller: createController({
      cluster,
      clock,
      log,
      random: random.fork('controller'),
      journal: createMemoryJournal(),
      routers: trafficRouters,
      metricProviders,
      http,
    }),
  };
}
