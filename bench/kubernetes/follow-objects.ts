import { setTimeout as delay } from 'node:timers/promises';

import type { KubeObject, ResourceType } from '../../src/api/object.ts';
import type { Shop } from '../../test/e2e/shop.ts';

const pauseMs = 500;

/**
 * Tells of every object of a kind in a namespace, and of every change, until the signal aborts. An API server that is
 * busy ends watches that do not keep up and refuses others for a while: the next one begins with everything there is.
 */
export async function followObjects(
  { cluster, namespace }: Shop,
  type: ResourceType,
  signal: AbortSignal,
  onObject: (object: KubeObject) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const event of cluster.watch(type, { namespace, resourceVersion: '' }, signal)) {
        if (event.type !== 'BOOKMARK') onObject(event.object);
      }
    } catch {
      await delay(pauseMs);
    }
  }
}
