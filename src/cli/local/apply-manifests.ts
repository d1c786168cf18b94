import { mergeDiff } from '../../api/merge-diff.ts';
import type { KubeObject, ResourceType } from '../../api/object.ts';
import { apiVersionOf } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { hasCode, messageOf, SluiceError } from '../../base/error.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import { identityOf, type ManifestSet } from './manifest-set.ts';

/** Annotation with the manifest as it was last applied, as kubectl writes it, so that both can be used in turn. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';
/** Annotation with the revision of the source that an object was last changed by. */
export const sourceRevisionAnnotation = 'sluice.dev/source-revision';

/** What happened to one object. */
export interface AppliedObject {
  readonly identity: string;
  readonly result: 'created' | 'configured' | 'unchanged' | 'skipped';
  /** Why it was skipped. */
  readonly reason?: string;
}

/** How manifests are applied. */
export interface ApplyOptions {
  readonly cluster: ClusterPort;
  /** Namespace of objects that name none. */
  readonly namespace: string;
  /** Changes an object before it is applied, given what is live: to keep what a controller holds there. */
  readonly prepare?: (desired: KubeObject, live: KubeObject) => KubeObject;
  readonly signal: AbortSignal;
}

const fieldManager = 'sluice-source';
const conflictsMax = 5;

/**
 * Applies a set of manifests: what changed since the last time is changed, everything else in the live objects stays as
 * it is. A set with problems is refused whole. Kinds that are not known are skipped. Nothing is deleted.
 */
export async function applyManifests(set: ManifestSet, options: ApplyOptions): Promise<readonly AppliedObject[]> {
  const [problem] = set.problems;
  if (problem !== undefined) {
    throw new SluiceError('Invalid', `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`);
  }
  const applied: AppliedObject[] = [];
  for (const { object: manifest, file, line } of set.objects) {
    const type = typeOf(manifest);
    const place = `${file}:${line}`;
    if (type === undefined) {
      const reason = `${place}: the kind ${manifest.kind} (${manifest.apiVersion}) is not known here`;
      applied.push({ identity: identityOf(manifest), result: 'skipped', reason });
      continue;
    }
    const object = withNamespace(manifest, type, options.namespace);
    const result = await applyOne(type, object, set.revision, options).catch((error: unknown) => {
      const code = error instanceof SluiceError ? error.code : 'Internal';
      throw new SluiceError(code, `${place}: ${identityOf(object)}: ${messageOf(error)}`, { cause: error });
    });
    applied.push({ identity: identityOf(object), result });
  }
  return applied;
}

function typeOf({ apiVersion, kind }: KubeObject): ResourceType | undefined {
  return Object.values(resourceTypes).find((type) => type.kind === kind && apiVersionOf(type) === apiVersion);
}

function withNamespace(object: KubeObject, type: ResourceType, namespace: string): KubeObject {
  if (!type.namespaced || object.metadata.namespace !== undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

async function applyOne(
  type: ResourceType,
  desired: KubeObject,
  revision: string,
  options: ApplyOptions,
): Promise<AppliedObject['result']> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryApply(type, desired, revision, options);
    } catch (error) {
      // Somebody wrote in between: look again and change only what still differs.
      if (!hasCode(error, 'Conflict', 'AlreadyExists') || attempt >= conflictsMax) throw error;
    }
  }
}

async function tryApply(
  type: ResourceType,
  desired: KubeObject,
  revision: string,
  { cluster, prepare, signal }: ApplyOptions,
): Promise<AppliedObject['result']> {
  const { namespace, name } = desired.metadata;
  const at = { type, name, ...(namespace === undefined ? {} : { namespace }) };
  const live = await cluster.get(at, { signal }).catch((error: unknown) => {
    if (hasCode(error, 'NotFound')) return undefined;
    throw error;
  });
  if (live === undefined) {
    await cluster.create(type, withAnnotations(desired, desired, revision), { fieldManager }, { signal });
    return 'created';
  }
  const prepared = prepare?.(desired, live) ?? desired;
  const body = mergeDiff(lastApplied(live), prepared);
  const changes = body === undefined ? undefined : changesOf(body, live);
  if (changes === undefined) return 'unchanged';
  const { metadata } = withAnnotations(prepared, desired, revision);
  const patch = {
    ...changes,
    metadata: {
      ...(changes['metadata'] as object | undefined),
      annotations: { ...metadataOf(changes).annotations, ...annotationsOfOurs(metadata) },
      resourceVersion: live.metadata.resourceVersion,
    },
  };
  await cluster.patch(at, { kind: 'merge', body: patch }, { fieldManager }, { signal });
  return 'configured';
}

/** The part of a change that the live object does not already say. */
function changesOf(body: Readonly<Record<string, unknown>>, live: KubeObject): Record<string, unknown> | undefined {
  const changes: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(body)) {
    const kept = keepNews(value, live[field]);
    if (kept !== undefined) changes[field] = kept;
  }
  return Object.keys(changes).length === 0 ? undefined : changes;
}

function keepNews(wanted: unknown, live: unknown): unknown {
  if (wanted === null) return live === undefined ? undefined : null;
  if (!isFields(wanted) || !isFields(live))
    return mergeDiff({ live }, { live: wanted }) === undefined ? undefined : wanted;
  const news = Object.entries(wanted).flatMap(([field, value]) => {
    const kept = keepNews(value, live[field]);
    return kept === undefined ? [] : [[field, kept] as const];
  });
  return news.length === 0 ? undefined : Object.fromEntries(news);
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the object was when it was last applied; nothing for an object that was made in another way. */
function lastApplied({ metadata }: KubeObject): Readonly<Record<string, unknown>> {
  const text = metadata.annotations?.[lastAppliedAnnotation];
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : {};
  } catch {
    // An annotation that somebody damaged means the same as none: every field of the manifest is applied.
    return {};
  }
}

function withAnnotations(object: KubeObject, manifest: KubeObject, revision: string): KubeObject {
  const annotations = {
    ...object.metadata.annotations,
    [lastAppliedAnnotation]: JSON.stringify(manifest),
    [sourceRevisionAnnotation]: revision,
  };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function annotationsOfOurs({ annotations }: KubeObject['metadata']): Readonly<Record<string, string | undefined>> {
  return {
    [lastAppliedAnnotation]: annotations?.[lastAppliedAnnotation],
    [sourceRevisionAnnotation]: annotations?.[sourceRevisionAnnotation],
  };
}

function metadataOf(changes: Readonly<Record<string, unknown>>): { readonly annotations?: object } {
  return isFields(changes['metadata']) ? changes['metadata'] : {};
}
