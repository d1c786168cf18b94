import type { ResourceType } from '../../../api/object.ts';
import { sleep, type Clock } from '../../../base/clock.ts';
import { hasCode } from '../../../base/error.ts';
import type { Random } from '../../../base/random.ts';
import type { ClusterPort } from '../../port.ts';
import type { ObjectCache } from './object-cache.ts';

/** What following needs from outside. */
export interface FollowOptions {
  readonly port: ClusterPort;
  readonly clock: Clock;
  /** Spreads the waits after errors. */
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Told of every failure; following goes on. */
  readonly onError: (error: unknown) => void;
}

const waitMsMin = 50;
const waitMsMax = 10_000;

/**
 * Keeps a cache equal to the objects of one type: list, then watch, for ever. `synced` resolves after the first list;
 * `ended` when the signal has aborted and nothing more will change the cache.
 */
export function followObjects(
  type: ResourceType,
  cache: ObjectCache,
  options: FollowOptions,
): { readonly synced: Promise<void>; readonly ended: Promise<void> } {
  let onSynced = (): void => undefined;
  const synced = new Promise<void>((resolve) => {
    onSynced = resolve;
  });
  return { synced, ended: follow(type, cache, options, onSynced) };
}

async function follow(
  type: ResourceType,
  cache: ObjectCache,
  options: FollowOptions,
  onSynced: () => void,
): Promise<void> {
  const { port, signal } = options;
  let resourceVersion: string | undefined;
  let failureCount = 0;
  while (!signal.aborted) {
    try {
      if (resourceVersion === undefined) {
        const page = await port.list(type, {}, { signal });
        cache.replace(page.items, page.resourceVersion);
        resourceVersion = page.resourceVersion;
        onSynced();
      }
      for await (const event of port.watch(type, { resourceVersion, bookmarks: true }, signal)) {
        failureCount = 0;
        resourceVersion = event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion;
        if (event.type === 'DELETED') cache.remove(event.object, 'watched');
        else if (event.type !== 'BOOKMARK') cache.put(event.object);
      }
    } catch (error) {
      if (signal.aborted) return;
      // After any failure the list is read again: it is the one answer that is right whatever was missed.
      resourceVersion = undefined;
      if (!hasCode(error, 'Gone')) options.onError(error);
    }
    failureCount += 1;
    if (failureCount > 1) await waitAfter(failureCount, options);
  }
}

/** Waits a time that doubles with every failure in a row, spread over half to the whole of it. */
async function waitAfter(failureCount: number, { clock, random, signal }: FollowOptions): Promise<void> {
  const fullMs = Math.min(waitMsMin * 2 ** Math.min(failureCount, 10), waitMsMax);
  await sleep(clock, fullMs * (0.5 + random.next() / 2), signal).catch(() => undefined);
}
