import type { KubeObject } from '../api/object.ts';
import { hasCode } from '../base/error.ts';
import type { ClusterPort, ObjectAddress } from '../cluster/port.ts';
import { lostAnswers } from './lost-answers.ts';
import { fieldManager } from './perform-context.ts';

/** Says on an object which of its versions a change was called back for. */
export const calledBackAnnotation = 'sluice.dev/called-back';

/** A merge patch that says which version of the object it is about, where that is known. */
export interface VersionedBody {
  readonly metadata: { readonly resourceVersion?: string };
  readonly spec?: object;
}

/** What such a change is made with. */
export interface OnceContext {
  readonly cluster: ClusterPort;
  readonly isUrgent?: boolean;
}

/**
 * Changes an object as it was seen, now or never. When the answer is lost the change may still be on its way, and would
 * be made after something else was decided: users would come to a revision that was aborted meanwhile. So it is called
 * back by another change to the same version: whichever of the two is made second is refused. A call back that fails
 * itself leaves that open; the pass is tried again anyway. What takes users away is urgent and may come late: it is
 * never called back.
 */
export async function patchOnce(
  { cluster, isUrgent = false }: OnceContext,
  at: ObjectAddress,
  body: VersionedBody,
  signal: AbortSignal,
): Promise<KubeObject> {
  try {
    return await cluster.patch(at, { kind: 'merge', body }, { fieldManager }, { signal });
  } catch (error) {
    const { resourceVersion } = body.metadata;
    if (isLost(error) && resourceVersion !== undefined && !isUrgent && !signal.aborted) {
      await callBack(cluster, at, resourceVersion, signal).catch(() => undefined);
    }
    throw error;
  }
}

/** A server that is too busy and says when to come back has done nothing, and is to be left in peace. */
function isLost(error: unknown): boolean {
  return hasCode(error, ...lostAnswers) && (error.code !== 'Unavailable' || error.retryAfterMs === undefined);
}

async function callBack(
  cluster: ClusterPort,
  at: ObjectAddress,
  resourceVersion: string,
  signal: AbortSignal,
): Promise<void> {
  const body = { metadata: { resourceVersion, annotations: { [calledBackAnnotation]: resourceVersion } } };
  await cluster.patch(at, { kind: 'merge', body }, { fieldManager }, { signal });
}
