import type { KubeObject, ResourceType } from '../api/object.ts';
import { hasCode } from '../base/error.ts';
import type { ClusterPort, ObjectAddress } from '../cluster/port.ts';
import type { ObjectCache } from './caches.ts';
import { patchOnce, type OnceContext, type VersionedBody } from './patch-once.ts';
import { fieldManager } from './perform-context.ts';

/** Where objects are written: one namespace of one cluster. */
export interface WriteContext {
  readonly cluster: ClusterPort;
  readonly namespace: string;
}

/** Changes an object, and answers with its new version. */
export async function patchMerge<View>(
  cache: ObjectCache<View>,
  name: string,
  body: object,
  context: WriteContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  const at = addressOf(cache.type, context, name);
  const answer = await context.cluster.patch(at, { kind: 'merge', body }, { fieldManager }, { signal });
  cache.remember(answer);
  return answer.metadata.resourceVersion;
}

/** Changes an object as it was seen, now or never, and answers with its new version. */
export async function patchSeen<View>(
  cache: ObjectCache<View>,
  name: string,
  body: VersionedBody,
  context: WriteContext & OnceContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  const answer = await patchOnce(context, addressOf(cache.type, context, name), body, signal);
  cache.remember(answer);
  return answer.metadata.resourceVersion;
}

/** Names are deterministic, so an object that exists already may be the one whose answer was lost. */
export async function createOrFind(
  context: WriteContext,
  type: ResourceType,
  object: KubeObject,
  signal: AbortSignal,
): Promise<KubeObject> {
  try {
    return await context.cluster.create(type, object, { fieldManager }, { signal });
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error;
    return context.cluster.get(addressOf(type, context, object.metadata.name), { signal });
  }
}

/** Deletes an object, as it was seen. One that is gone already is no failure. */
export async function removeObject<View extends { readonly resourceVersion: string }>(
  cache: ObjectCache<View>,
  { name, uid }: { readonly name: string; readonly uid: string },
  context: WriteContext,
  signal: AbortSignal,
): Promise<undefined> {
  try {
    const seen = { uid, ...precondition(cache.get(context.namespace, name)) };
    const answer = await context.cluster.delete(addressOf(cache.type, context, name), seen, { signal });
    if (answer.metadata.deletionTimestamp === undefined) cache.forget(context.namespace, name, uid);
    else cache.remember(answer);
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
  }
}

/** The address of an object of the namespace. */
export function addressOf(type: ResourceType, { namespace }: WriteContext, name: string): ObjectAddress {
  return { type, namespace, name };
}

/** The version that a write must find there, as far as it is known. */
export function precondition(seen: { readonly resourceVersion: string } | undefined): { resourceVersion?: string } {
  return seen === undefined ? {} : { resourceVersion: seen.resourceVersion };
}
