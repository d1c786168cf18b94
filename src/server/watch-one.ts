import type { ResourceType } from '../api/object.ts';
import { sleep, type Clock } from '../base/clock.ts';
import { hasCode } from '../base/error.ts';
import type { Call, ClusterPort, WatchEvent } from '../cluster/port.ts';
import { ChangeQueue } from './change-queue.ts';
import type { EventStream } from './event-stream.ts';
import type { ObjectName } from './object-name.ts';
import type { WatchTools } from './watch-list.ts';

/** What a watch of one object is made with. */
export interface WatchOneTools extends WatchTools {
  readonly clock: Clock;
}

/** What of a type is watched: the query of its watch. */
export type Watched = readonly [ResourceType, { readonly labelSelector?: string; readonly fieldSelector?: string }];

/** A kind of which a client can watch one object, with everything that belongs to it. */
export interface FollowedKind {
  /** Name of the event with the present state. */
  readonly event: string;
  /** Everything about the object, and the version up to which it is told; rejects with NotFound when it is gone. */
  read(at: ObjectName, call: Call): Promise<{ readonly data: unknown; readonly resourceVersion: string }>;
  /** What belongs to it. */
  related(at: ObjectName, call: Call): Promise<readonly Watched[]>;
  /** Calls back for news that no object tells. Answers how to stop. */
  listen(at: ObjectName, wake: () => void): () => void;
}

/**
 * Tells a client everything about one object at the start, and whenever something about it changes. States in between
 * may be left out. Ends with `deleted`. A client that comes back is told nothing before something changed after
 * `lastEventId`, or `reset` and the present state when that is too long ago.
 */
export async function watchOne(
  kind: FollowedKind,
  at: ObjectName,
  lastEventId: string | undefined,
  stream: EventStream,
  tools: WatchOneTools,
): Promise<void> {
  let version = lastEventId;
  while (!stream.signal.aborted) {
    try {
      version = await follow(kind, at, version, stream, tools);
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

async function sendState(kind: FollowedKind, at: ObjectName, stream: EventStream): Promise<string> {
  const { data, resourceVersion } = await kind.read(at, { signal: stream.signal });
  await stream.send({ event: kind.event, data, id: resourceVersion });
  return resourceVersion;
}

/**
 * Follows all that belongs to the object until one of the watches ends, and answers the version that was told. Without
 * a version to go on from it tells the present state first.
 */
async function follow(
  kind: FollowedKind,
  at: ObjectName,
  from: string | undefined,
  stream: EventStream,
  tools: WatchOneTools,
): Promise<string> {
  const ending = new AbortController();
  const signal = AbortSignal.any([stream.signal, ending.signal]);
  const queue = new ChangeQueue<true>(1);
  // What no object tells has no version to go on from, so it is listened to before the state is read.
  const unsubscribe = kind.listen(at, () => queue.push('change', true));
  let pumping: readonly Promise<void>[] = [];
  try {
    let version = from ?? (await sendState(kind, at, stream));
    const watched = await kind.related(at, { signal });
    pumping = openWatches(tools.cluster, watched, at.namespace, version, signal).map((events) => pump(events, queue));
    for await (const _ of queue) {
      version = await sendState(kind, at, stream);
      await sleep(tools.clock, tools.limits.watchIntervalMs, signal);
    }
    return version;
  } finally {
    unsubscribe();
    ending.abort();
    await Promise.all(pumping);
  }
}

function openWatches(
  cluster: ClusterPort,
  watched: readonly Watched[],
  namespace: string,
  resourceVersion: string,
  signal: AbortSignal,
): readonly AsyncIterable<WatchEvent>[] {
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
