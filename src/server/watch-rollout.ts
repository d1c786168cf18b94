import type { ResourceType } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import { sleep, type Clock } from '../base/clock.ts';
import { hasCode } from '../base/error.ts';
import type { ClusterPort, WatchEvent } from '../cluster/port.ts';
import { ChangeQueue } from './change-queue.ts';
import type { DecisionSource } from './decision-board.ts';
import type { EventStream } from './event-stream.ts';
import { labelsOf, readRollout, selectorOf, type RolloutName } from './read-rollout.ts';
import { reportRolloutDetail } from './view/rollout-detail.ts';
import type { WatchTools } from './watch-rollouts.ts';

/** What a watch of one Rollout is made with. */
export interface RolloutWatchTools extends WatchTools {
  readonly clock: Clock;
  readonly decisions: DecisionSource;
}

/**
 * Tells a client everything about one Rollout, as `rollout`, at the start and whenever something about it changes: its
 * own object, its ReplicaSets, pods, AnalysisRuns or Experiments, or what was decided. States in between may be left
 * out. Ends with
 * `deleted`. A client that comes back is told nothing before something changed after `lastEventId`, or `reset` and
 * the present state when that is too long ago.
 */
export async function watchRollout(
  at: RolloutName,
  lastEventId: string | undefined,
  stream: EventStream,
  tools: RolloutWatchTools,
): Promise<void> {
  let version = lastEventId;
  while (!stream.signal.aborted) {
    try {
      version = await follow(at, version, stream, tools);
    } catch (error) {
      if (hasCode(error, 'NotFound')) {
        await stream.send({ event: 'deleted', data: at });
        return;
      }
      if (!hasCode(error, 'Gone', 'BadRequest')) throw error;
      await stream.send({ event: 'reset', data: { message: error.message } });
      version = undefined;
    }
  }
}

async function sendState(at: RolloutName, stream: EventStream, tools: RolloutWatchTools): Promise<string> {
  const { objects, resourceVersion } = await readRollout(tools.cluster, at, { signal: stream.signal });
  const detail = reportRolloutDetail(objects, tools.decisions.latest(at), tools.clock.now());
  await stream.send({ event: 'rollout', data: detail, id: resourceVersion });
  return resourceVersion;
}

/**
 * Follows all that belongs to the Rollout until one of the watches ends, and answers the version that was told. Without
 * a version to go on from it tells the present state first.
 */
async function follow(
  at: RolloutName,
  from: string | undefined,
  stream: EventStream,
  tools: RolloutWatchTools,
): Promise<string> {
  const ending = new AbortController();
  const signal = AbortSignal.any([stream.signal, ending.signal]);
  const queue = new ChangeQueue<true>(1);
  // Decisions have no version to go on from, so they are listened to before the state is read.
  const unsubscribe = tools.decisions.subscribe(({ namespace, name }) => {
    if (namespace === at.namespace && name === at.name) queue.push('change', true);
  });
  let pumping: readonly Promise<void>[] = [];
  try {
    let version = from ?? (await sendState(at, stream, tools));
    pumping = (await openWatches(tools.cluster, at, version, signal)).map((events) => pump(events, queue));
    for await (const _ of queue) {
      version = await sendState(at, stream, tools);
      await sleep(tools.clock, tools.limits.watchIntervalMs, signal);
    }
    return version;
  } finally {
    unsubscribe();
    ending.abort();
    await Promise.all(pumping);
  }
}

async function openWatches(
  cluster: ClusterPort,
  { namespace, name }: RolloutName,
  resourceVersion: string,
  signal: AbortSignal,
): Promise<readonly AsyncIterable<WatchEvent>[]> {
  const rollout = await cluster.get({ type: resourceTypes.rollout, namespace, name }, { signal });
  const own = { fieldSelector: `metadata.name=${name}` };
  const watched: readonly (readonly [ResourceType, object])[] = [
    [resourceTypes.rollout, own],
    [resourceTypes.replicaSet, selectorOf(rollout)],
    [resourceTypes.pod, selectorOf(rollout)],
    [resourceTypes.analysisRun, labelsOf(rollout)],
    [resourceTypes.experiment, {}],
  ];
  return watched.map(([type, selected]) =>
    cluster.watch(type, { namespace, ...selected, resourceVersion, bookmarks: true }, signal),
  );
}

async function pump(events: AsyncIterable<WatchEvent>, queue: ChangeQueue<true>): Promise<void> {
  try {
    for await (const event of events) if (event.type !== 'BOOKMARK') queue.push('change', true);
    queue.close();
  } catch (error) {
    queue.fail(error);
  }
}
