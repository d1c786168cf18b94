import type { KubeObject, ResourceType } from '../api/object.ts';
import { hasCode } from '../base/error.ts';
import type { ClusterPort, WatchEvent } from '../cluster/port.ts';
import { ChangeQueue } from './change-queue.ts';
import type { EventStream } from './event-stream.ts';
import { listAll } from './list-all.ts';
import type { ServerLimits } from './server-limits.ts';

/** What a watch is made with. */
export interface WatchTools {
  readonly cluster: ClusterPort;
  readonly limits: ServerLimits;
}

/** A kind whose objects a client can watch all together. */
export interface ListedKind {
  readonly type: ResourceType;
  /** Name of the event about one object, and of the event with all of them. */
  readonly one: string;
  readonly many: string;
  readonly report: (object: KubeObject) => object;
}

interface Change {
  readonly isDeleted: boolean;
  readonly object: KubeObject;
  readonly version: string;
}

/**
 * Tells a client about all objects of a kind (in one namespace) until it leaves: all of them at the start, e.g. as
 * `rollouts`, then `rollout` and `deleted` for each change. A client that comes back goes on after `lastEventId`, or is
 * told `reset` and starts with all of them again when that is too long ago.
 */
export async function watchList(
  kind: ListedKind,
  namespace: string | undefined,
  lastEventId: string | undefined,
  stream: EventStream,
  tools: WatchTools,
): Promise<void> {
  const scope = namespace === undefined ? {} : { namespace };
  let version = lastEventId;
  while (!stream.signal.aborted) {
    version ??= await sendAll(kind, scope, stream, tools);
    try {
      version = await follow(kind, scope, version, stream, tools);
    } catch (error) {
      if (!hasCode(error, 'Gone', 'BadRequest')) throw error;
      await stream.send({ event: 'reset', data: { message: error.message } });
      version = undefined;
    }
  }
}

type Scope = { readonly namespace?: string };

async function sendAll(
  { type, many, report }: ListedKind,
  scope: Scope,
  stream: EventStream,
  { cluster }: WatchTools,
): Promise<string> {
  const { items, resourceVersion } = await listAll(cluster, type, scope, { signal: stream.signal });
  const data = { items: items.map((item) => report(item)), resourceVersion };
  await stream.send({ event: many, data, id: resourceVersion });
  return resourceVersion;
}

/** Follows one watch to its end, and answers the version to which everything was told. */
async function follow(
  kind: ListedKind,
  scope: Scope,
  from: string,
  stream: EventStream,
  tools: WatchTools,
): Promise<string> {
  const { cluster, limits } = tools;
  const ending = new AbortController();
  const signal = AbortSignal.any([stream.signal, ending.signal]);
  const events = cluster.watch(kind.type, { ...scope, resourceVersion: from, bookmarks: true }, signal);
  const queue = new ChangeQueue<Change>(limits.waitingChangesMax);
  let version = from;
  const pumping = pump(events, queue, (bookmark) => (version = bookmark));
  try {
    for await (const batch of queue) {
      for (const [index, change] of batch.entries()) await sendChange(kind, change, index === batch.length - 1, stream);
      version = batch.at(-1)?.version ?? version;
    }
  } finally {
    ending.abort();
    await pumping;
  }
  return version;
}

async function pump(
  events: AsyncIterable<WatchEvent>,
  queue: ChangeQueue<Change>,
  onBookmark: (version: string) => void,
): Promise<void> {
  try {
    for await (const event of events) {
      if (event.type === 'BOOKMARK') {
        onBookmark(event.resourceVersion);
        continue;
      }
      const { object, type } = event;
      const { namespace = '', name, resourceVersion = '' } = object.metadata;
      queue.push(`${namespace}/${name}`, { isDeleted: type === 'DELETED', object, version: resourceVersion });
    }
    queue.close();
  } catch (error) {
    queue.fail(error);
  }
}

/** Only the last of a batch carries its version: whoever comes back from one before it would miss the others. */
function sendChange(
  { one, report }: ListedKind,
  { object, isDeleted, version }: Change,
  isLast: boolean,
  stream: EventStream,
): Promise<void> {
  const { namespace = '', name } = object.metadata;
  return stream.send({
    event: isDeleted ? 'deleted' : one,
    data: isDeleted ? { namespace, name } : report(object),
    ...(isLast ? { id: version } : {}),
  });
}
