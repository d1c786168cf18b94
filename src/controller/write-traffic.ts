import type { KubeObject } from '../api/object.ts';
import type { TrafficPlan } from '../api/traffic.ts';
import { SluiceError } from '../base/error.ts';
import type { RouterChange, RouterTarget } from '../providers/traffic/contract.ts';
import type { Caches } from './caches.ts';
import { patchOnce, type OnceContext, type VersionedBody } from './patch-once.ts';
import { fieldManager, type PerformContext } from './perform-context.ts';
import type { ConfiguredRouter } from './routers.ts';

/**
 * Brings every router of the Rollout to the plan. Each change carries the version of the object it was made from, so a
 * foreign change in between is refused and read first; the answer is what the next pass reads back.
 */
export async function writeTraffic(
  context: PerformContext,
  plan: TrafficPlan,
  signal: AbortSignal,
): Promise<string | undefined> {
  let version: string | undefined;
  for (const router of context.routers) {
    const objects = objectsOf(router, context.caches);
    const changes = router.write(objects, plan);
    if (!changes.ok) {
      throw new SluiceError('Invalid', `${router.name}: ${changes.error.subject}: ${changes.error.message}`);
    }
    for (const change of changes.value) {
      version = await writeChange(change, objects, context, signal);
      const notice = router.notice(change, plan);
      if (notice !== undefined) context.notices.push({ type: 'Normal', ...notice });
    }
  }
  return version;
}

/** The objects a router is about, as they were last read. Absent ones are left out. */
export function objectsOf(router: ConfiguredRouter, caches: Caches): readonly KubeObject[] {
  return router.targets.flatMap((target) => objectsAt(target, caches));
}

function objectsAt(target: RouterTarget, caches: Caches): readonly KubeObject[] {
  const cache = caches.routerObjects(target.type);
  if (target.kind === 'named') {
    const object = cache.get(target.namespace, target.name);
    return object === undefined ? [] : [object];
  }
  return [...cache.list()].filter((object) => target.matches(object));
}

/** Applies changes to objects as they were read, and answers with the version of the last one. */
export async function writeChanges(
  changes: readonly RouterChange[],
  objects: readonly KubeObject[],
  tools: OnceContext & Pick<PerformContext, 'caches'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  let version: string | undefined;
  for (const change of changes) version = await writeChange(change, objects, tools, signal);
  return version;
}

async function writeChange(
  change: RouterChange,
  objects: readonly KubeObject[],
  tools: OnceContext & Pick<PerformContext, 'caches'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { cluster, caches } = tools;
  const cache = caches.routerObjects(change.type);
  switch (change.kind) {
    case 'merge': {
      const { type, namespace, name } = change;
      const seen = objects.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
      const body = withVersion(change.body, seen?.metadata.resourceVersion);
      const answer = await patchOnce(tools, { type, namespace, name }, body, signal);
      cache.remember(answer);
      return answer.metadata.resourceVersion;
    }
    case 'create': {
      const answer = await cluster.create(change.type, change.object, { fieldManager }, { signal });
      cache.remember(answer);
      return answer.metadata.resourceVersion;
    }
    case 'delete': {
      const { type, namespace, name } = change;
      const answer = await cluster.delete({ type, namespace, name }, {}, { signal });
      cache.forget(namespace, name, answer.metadata.uid ?? '');
      return undefined;
    }
  }
}

function withVersion(body: object, resourceVersion: string | undefined): VersionedBody {
  const { metadata, ...rest } = body as { metadata?: object };
  return { ...rest, metadata: { ...metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
}
