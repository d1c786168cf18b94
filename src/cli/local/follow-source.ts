import { resourceTypes } from '../../api/resource-types.ts';
import { sleep, type Clock } from '../../base/clock.ts';
import { hasCode, messageOf } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import { applyManifests, type AppliedObject, type ApplyOptions } from './apply-manifests.ts';
import type { ManifestSet } from './manifest-set.ts';
import type { ManifestSource } from './source.ts';

/** How a source is followed. */
export interface FollowSourceOptions extends Pick<ApplyOptions, 'prepare' | 'prune'> {
  readonly source: ManifestSource;
  readonly cluster: ClusterPort;
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Time between two looks. */
  readonly intervalMs: number;
  /** Told when a revision was applied. */
  readonly onApplied?: (revision: string, objects: readonly AppliedObject[]) => void;
  /** Told once per revision that cannot be used, with all its problems. Without it the log is. */
  readonly onRefused?: (revision: string, problems: readonly string[]) => void;
}

/** Name of the object that remembers which revision was applied, so that a restart does not apply it again. */
const memoryName = 'sluice-source';
const callTimeoutMs = 10_000;

/**
 * Looks at a source again and again and applies each new revision once. A revision that cannot be used changes nothing
 * and is told once; a source that cannot be read is tried again. Resolves when the signal aborts.
 */
export async function followSource(options: FollowSourceOptions, signal: AbortSignal): Promise<void> {
  const { source, clock, log, intervalMs } = options;
  let seen = await rememberedRevision(options, signal);
  let unreadable = '';
  while (!signal.aborted) {
    try {
      if ((await source.revision(signal)) !== seen) {
        const set = await source.read(signal);
        await applyRevision(set, options, signal);
        seen = set.revision;
      }
      unreadable = '';
    } catch (error) {
      const message = messageOf(error);
      if (!signal.aborted && message !== unreadable)
        log.error({ source: source.description, error: message }, 'the source is not applied');
      unreadable = message;
    }
    await sleep(clock, intervalMs, signal).catch(() => undefined);
  }
}

async function applyRevision(set: ManifestSet, options: FollowSourceOptions, signal: AbortSignal): Promise<void> {
  const { source, cluster, namespace, prune, prepare, log } = options;
  const ordered = {
    ...set,
    objects: set.objects.toSorted((left, right) => rank(left.object.kind) - rank(right.object.kind)),
  };
  const { objects, problems } = await applyManifests(ordered, {
    cluster,
    source: source.description,
    namespace,
    prune,
    signal,
    ...(prepare === undefined ? {} : { prepare }),
  });
  if (problems.length > 0) {
    if (options.onRefused !== undefined) options.onRefused(set.revision, problems);
    else log.error({ revision: set.revision, problems }, 'a revision of the source cannot be used; nothing is changed');
    return;
  }
  await rememberRevision(set.revision, options, signal);
  for (const { identity, result, reason } of objects) {
    if (result === 'skipped') log.warn({ object: identity, reason }, 'an object of the source is skipped');
    else if (result !== 'unchanged') log.info({ object: identity, result, revision: set.revision }, 'applied');
  }
  options.onApplied?.(set.revision, objects);
}

/** What a Rollout refers to comes before it, so that it does not find it missing at first. */
function rank(kind: string): number {
  return kind === 'Namespace' ? 0 : kind === 'Rollout' ? 2 : 1;
}

async function rememberedRevision(
  { cluster, namespace, source }: FollowSourceOptions,
  signal: AbortSignal,
): Promise<string> {
  const at = { type: resourceTypes.configMap, namespace, name: memoryName };
  try {
    const memory = await cluster.get(at, { signal, timeoutMs: callTimeoutMs });
    const data = memory['data'] as Readonly<Record<string, string>> | undefined;
    return data?.['source'] === source.description ? (data['revision'] ?? '') : '';
  } catch (error) {
    if (hasCode(error, 'NotFound')) return '';
    throw error;
  }
}

async function rememberRevision(revision: string, options: FollowSourceOptions, signal: AbortSignal): Promise<void> {
  const { cluster, namespace, source } = options;
  const data = { source: source.description, revision };
  const at = { type: resourceTypes.configMap, namespace, name: memoryName };
  const call = { signal, timeoutMs: callTimeoutMs };
  try {
    await cluster.patch(at, { kind: 'merge', body: { data } }, {}, call);
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: memoryName, namespace }, data };
    await cluster.create(resourceTypes.configMap, object, {}, call);
  }
}
