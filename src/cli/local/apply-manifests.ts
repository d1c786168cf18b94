import type { ManifestObject } from '../../api/manifest.ts';
import { mergeDiff } from '../../api/merge-diff.ts';
import type { KubeObject, ResourceType } from '../../api/object.ts';
import { apiVersionOf } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { hasCode, messageOf, SluiceError } from '../../base/error.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import { explainRefusal, type Refusal } from './explain-refusal.ts';
import { identityOf, type ManifestSet } from './manifest-set.ts';

/** Annotation with the manifest as it was last applied, as kubectl writes it, so that both can be used in turn. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';
/** Annotation with the revision of the source that an object was last changed by. */
export const sourceRevisionAnnotation = 'sluice.dev/source-revision';

/**
 * Annotation with the source that an object was last changed by: what leaves it is pruned with its own objects only.
 */
export const sourceAnnotation = 'sluice.dev/source';

/** What happened to one object. */
export interface AppliedObject {
  readonly identity: string;
  readonly result: 'created' | 'configured' | 'unchanged' | 'skipped' | 'pruned';
  /** Why it was skipped. */
  readonly reason?: string;
}

/** What became of a set. With any problem nothing of it was applied. */
export interface ApplyResult {
  readonly objects: readonly AppliedObject[];
  /** `file:line[:column]: what is wrong`, one for each mistake. */
  readonly problems: readonly string[];
}

/** How manifests are applied. */
export interface ApplyOptions {
  readonly cluster: ClusterPort;
  /** Where the manifests come from, as people name it. */
  readonly source: string;
  /** Namespace of objects that name none. */
  readonly namespace: string;
  /** True to delete what this source applied once and no longer holds. Namespaces always stay. */
  readonly prune: boolean;
  /** Changes an object before it is applied, given what is live: to keep what a controller holds there. */
  readonly prepare?: (desired: KubeObject, live: KubeObject) => KubeObject;
  readonly signal: AbortSignal;
}

type Annotations = Readonly<Record<string, string>>;

interface Item {
  readonly type: ResourceType;
  readonly object: KubeObject;
  readonly revision: string;
  readonly manifest: ManifestObject;
}

const fieldManager = 'sluice-source';
const conflictsMax = 5;

/**
 * Applies a set of manifests: what changed since the last time is changed, everything else in the live objects stays as
 * it is. The cluster is asked about every object first, so a set of which one object is refused changes nothing. Kinds
 * that are not known are skipped.
 */
export async function applyManifests(set: ManifestSet, options: ApplyOptions): Promise<ApplyResult> {
  if (set.problems.length > 0) return { objects: [], problems: explainRefusal(set, []) };
  const { items, skipped } = itemsOf(set, options.namespace);
  const refusals: Refusal[] = [];
  for (const item of items) {
    const message = await refusalOf(item, options);
    if (message !== undefined) refusals.push({ manifest: item.manifest, message });
  }
  if (refusals.length > 0) return { objects: [], problems: explainRefusal(set, refusals) };
  const applied: AppliedObject[] = [...skipped];
  for (const item of items) {
    const result = await applyOne(item, options, false).catch((error: unknown) => {
      throw placed(error, item);
    });
    applied.push({ identity: identityOf(item.object), result });
  }
  return { objects: [...applied, ...(options.prune ? await prune(items, options) : [])], problems: [] };
}

function itemsOf(set: ManifestSet, namespace: string): { items: readonly Item[]; skipped: readonly AppliedObject[] } {
  const items: Item[] = [];
  const skipped: AppliedObject[] = [];
  for (const manifest of set.objects) {
    const { object } = manifest;
    const type = typeOf(object);
    if (type !== undefined) {
      items.push({ type, object: withNamespace(object, type, namespace), revision: set.revision, manifest });
      continue;
    }
    const reason = `${placeOf(manifest)}: the kind ${object.kind} (${object.apiVersion}) is not known here`;
    skipped.push({ identity: identityOf(object), result: 'skipped', reason });
  }
  return { items, skipped };
}

/** What the cluster has against an object; undefined when it would take it. */
async function refusalOf(item: Item, options: ApplyOptions): Promise<string | undefined> {
  try {
    await applyOne(item, options, true);
    return undefined;
  } catch (error) {
    if (hasCode(error, 'Invalid')) return placed(error, item).message;
    throw placed(error, item);
  }
}

function placeOf({ file, line }: ManifestObject): string {
  return `${file}:${line}`;
}

function placed(error: unknown, { manifest, object }: Item): SluiceError {
  const code = error instanceof SluiceError ? error.code : 'Internal';
  return new SluiceError(code, `${placeOf(manifest)}: ${identityOf(object)}: ${messageOf(error)}`, { cause: error });
}

/** Deletes what carries the name of this source and is not in the set. */
async function prune(items: readonly Item[], options: ApplyOptions): Promise<readonly AppliedObject[]> {
  const { cluster, source, signal } = options;
  const kept = new Set(items.map(({ object }) => identityOf(object)));
  const pruned: AppliedObject[] = [];
  for (const type of Object.values(resourceTypes)) {
    if (type.kind === 'Namespace') continue;
    const { items: live } = await cluster.list(type, {}, { signal }).catch((error: unknown) => {
      // A cluster that does not serve a kind has no objects of it.
      if (hasCode(error, 'NotFound')) return { items: [] };
      throw error;
    });
    for (const object of live) {
      const { name, namespace, uid, annotations, ownerReferences = [] } = object.metadata;
      // A controller copies annotations to what it makes; that goes with its owner.
      if (ownerReferences.length > 0) continue;
      const identity = identityOf({ ...object, apiVersion: apiVersionOf(type), kind: type.kind });
      if (annotations?.[sourceAnnotation] !== source || kept.has(identity)) continue;
      const at = { type, name, ...(namespace === undefined ? {} : { namespace }) };
      await cluster.delete(at, uid === undefined ? {} : { uid }, { signal }).catch((error: unknown) => {
        // Somebody else deleted it, or made it anew: nothing of the source is left.
        if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
      });
      pruned.push({ identity, result: 'pruned' });
    }
  }
  return pruned;
}

function typeOf({ apiVersion, kind }: KubeObject): ResourceType | undefined {
  return Object.values(resourceTypes).find((type) => type.kind === kind && apiVersionOf(type) === apiVersion);
}

function withNamespace(object: KubeObject, type: ResourceType, namespace: string): KubeObject {
  if (!type.namespaced || object.metadata.namespace !== undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

async function applyOne(item: Item, options: ApplyOptions, dryRun: boolean): Promise<AppliedObject['result']> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryApply(item, options, dryRun);
    } catch (error) {
      // Somebody wrote in between: look again and change only what still differs.
      if (!hasCode(error, 'Conflict', 'AlreadyExists') || attempt >= conflictsMax) throw error;
    }
  }
}

async function tryApply(item: Item, options: ApplyOptions, dryRun: boolean): Promise<AppliedObject['result']> {
  const { type, object: desired } = item;
  const { cluster, prepare, signal } = options;
  const ours = { [sourceAnnotation]: options.source, [sourceRevisionAnnotation]: item.revision };
  const { namespace, name } = desired.metadata;
  const at = { type, name, ...(namespace === undefined ? {} : { namespace }) };
  const how = { fieldManager, dryRun };
  const live = await cluster.get(at, { signal }).catch((error: unknown) => {
    if (hasCode(error, 'NotFound')) return undefined;
    throw error;
  });
  if (live === undefined) {
    await cluster.create(type, withAnnotations(desired, ours), how, { signal });
    return 'created';
  }
  const prepared = prepare?.(desired, live) ?? desired;
  const body = mergeDiff(lastApplied(live), prepared);
  const changes = body === undefined ? undefined : changesOf(body, live);
  if (changes === undefined) return 'unchanged';
  const patch = {
    ...changes,
    metadata: {
      ...(changes['metadata'] as object | undefined),
      annotations: { ...metadataOf(changes).annotations, ...annotationsFor(desired, ours) },
      resourceVersion: live.metadata.resourceVersion,
    },
  };
  await cluster.patch(at, { kind: 'merge', body: patch }, how, { signal });
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

function withAnnotations(object: KubeObject, ours: Annotations): KubeObject {
  const annotations = { ...object.metadata.annotations, ...annotationsFor(object, ours) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function annotationsFor(manifest: KubeObject, ours: Annotations): Annotations {
  return { [lastAppliedAnnotation]: JSON.stringify(manifest), ...ours };
}

function metadataOf(changes: Readonly<Record<string, unknown>>): { readonly annotations?: object } {
  return isFields(changes['metadata']) ? changes['metadata'] : {};
}
