import type { KubeObject, ObjectMeta, ResourceType } from '../../../src/api/object.ts';
import { parseSelector } from '../../../src/api/parse-selector.ts';
import { selectorMatches } from '../../../src/api/selector.ts';
import { SluiceError } from '../../../src/base/error.ts';
import { formatInstant } from '../../../src/base/instant.ts';
import type { ClusterPort, ObjectAddress, Patch, WatchEvent } from '../../../src/cluster/port.ts';

/** The smallest cluster these tests can do with: versions, conflicts, merge patches, status, graceful pod deletion. */
export class TinyCluster implements ClusterPort {
  readonly name = 'tiny';
  readonly #now: () => number;
  readonly #objects = new Map<string, KubeObject>();
  readonly #log: { version: number; plural: string; event: WatchEvent }[] = [];
  readonly #wakes = new Set<() => void>();
  #version = 0;
  /** Every write, oldest first, e.g. `create pods web-x1`. */
  readonly writes: string[] = [];
  /** Runs before a create and may throw. */
  beforeCreate: (type: ResourceType, object: KubeObject) => void = () => undefined;

  constructor(now: () => number = () => Date.now()) {
    this.#now = now;
  }

  async get(at: ObjectAddress): Promise<KubeObject> {
    await Promise.resolve();
    return this.#require(at);
  }

  async list(type: ResourceType, query: { namespace?: string; labelSelector?: string }) {
    await Promise.resolve();
    const parsed = query.labelSelector === undefined ? undefined : parseSelector(query.labelSelector);
    const selector = parsed?.ok === true ? parsed.value : undefined;
    const items = [...this.#objects.entries()]
      .filter(([key]) => key.startsWith(`${type.plural}/`))
      .map(([, object]) => object)
      .filter((object) => query.namespace === undefined || object.metadata.namespace === query.namespace)
      .filter((object) => selector === undefined || selectorMatches(selector, object.metadata.labels));
    return { items, resourceVersion: String(this.#version) };
  }

  async create(type: ResourceType, object: KubeObject): Promise<KubeObject> {
    await Promise.resolve();
    this.beforeCreate(type, object);
    const { generateName, ...given } = object.metadata;
    const name = (given.name ?? '') !== '' ? given.name : `${generateName}${(this.#version + 1).toString(36)}`;
    const at = { type, namespace: given.namespace ?? 'default', name };
    if (this.#objects.has(keyOf(at))) throw new SluiceError('AlreadyExists', `${type.plural} "${name}" already exists`);
    const metadata = {
      ...given,
      name,
      namespace: at.namespace,
      uid: `uid-${this.#version + 1}`,
      generation: 1,
      creationTimestamp: formatInstant(this.#now()),
    };
    return this.#store('ADDED', at, { ...object, metadata });
  }

  async update(type: ResourceType, object: KubeObject, options: { subresource?: string } = {}): Promise<KubeObject> {
    const { name, namespace = 'default' } = object.metadata;
    return this.patch({ type, name, namespace }, { kind: 'merge', body: object }, options);
  }

  async patch(at: ObjectAddress, patch: Patch, options: { subresource?: string } = {}): Promise<KubeObject> {
    await Promise.resolve();
    if (patch.kind !== 'merge') throw new SluiceError('UnsupportedMediaType', patch.kind);
    const before = this.#require(at);
    const body = patch.body as KubeObject & { metadata?: Partial<ObjectMeta> };
    checkPreconditions(before, body.metadata ?? {});
    const changes: object = options.subresource === 'status' ? { status: body['status'] } : omitStatus(body);
    const merged = mergePatch(before, changes) as KubeObject;
    const isSpecChange = JSON.stringify(merged['spec']) !== JSON.stringify(before['spec']);
    const generation = (before.metadata.generation ?? 1) + (isSpecChange ? 1 : 0);
    const after = { ...merged, metadata: { ...merged.metadata, generation } };
    if (JSON.stringify(after) === JSON.stringify(before)) return before;
    if (isLeaving(after)) return this.#remove(at, after);
    return this.#store('MODIFIED', at, after);
  }

  async delete(at: ObjectAddress, options: { uid?: string; gracePeriodSeconds?: number } = {}): Promise<KubeObject> {
    await Promise.resolve();
    const before = this.#require(at);
    checkPreconditions(before, options);
    const spec = before['spec'] as { terminationGracePeriodSeconds?: number; nodeName?: string } | undefined;
    const isPod = at.type.plural === 'pods';
    const own = isPod && spec?.nodeName !== undefined ? (spec.terminationGracePeriodSeconds ?? 30) : 0;
    const grace = options.gracePeriodSeconds ?? own;
    if (grace === 0 && (before.metadata.finalizers ?? []).length === 0) return this.#remove(at, before);
    const metadata = {
      ...before.metadata,
      deletionTimestamp: formatInstant(this.#now() + grace * 1000),
      deletionGracePeriodSeconds: grace,
    };
    return this.#store('MODIFIED', at, { ...before, metadata });
  }

  async deleteCollection(): Promise<void> {
    throw new SluiceError('MethodNotAllowed', 'deleteCollection');
  }

  async evict(): Promise<void> {
    throw new SluiceError('MethodNotAllowed', 'evict');
  }

  async *watch(type: ResourceType, query: { resourceVersion: string }, signal: AbortSignal): AsyncIterable<WatchEvent> {
    let next = this.#log.findIndex(({ version }) => version > Number(query.resourceVersion));
    if (next < 0) next = this.#log.length;
    while (!signal.aborted) {
      for (; next < this.#log.length; next += 1) {
        const entry = this.#log[next]!;
        if (entry.plural === type.plural) yield entry.event;
      }
      await new Promise<void>((resolve) => {
        this.#wakes.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  #require(at: ObjectAddress): KubeObject {
    const object = this.#objects.get(keyOf(at));
    if (object === undefined) throw new SluiceError('NotFound', `${at.type.plural} "${at.name}" not found`);
    return object;
  }

  #store(type: 'ADDED' | 'MODIFIED', at: ObjectAddress, object: KubeObject): KubeObject {
    this.#version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#objects.set(keyOf(at), stored);
    this.writes.push(`${type === 'ADDED' ? 'create' : 'write'} ${at.type.plural} ${at.name}`);
    this.#tell(at, { type, object: stored });
    return stored;
  }

  #remove(at: ObjectAddress, object: KubeObject): KubeObject {
    this.#version += 1;
    this.#objects.delete(keyOf(at));
    this.writes.push(`delete ${at.type.plural} ${at.name}`);
    const gone = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#tell(at, { type: 'DELETED', object: gone });
    return gone;
  }

  #tell(at: ObjectAddress, event: WatchEvent): void {
    this.#log.push({ version: this.#version, plural: at.type.plural, event });
    for (const wake of this.#wakes) wake();
    this.#wakes.clear();
  }
}

function checkPreconditions(before: KubeObject, asked: Partial<ObjectMeta>): void {
  for (const field of ['uid', 'resourceVersion'] as const) {
    if (asked[field] !== undefined && asked[field] !== before.metadata[field]) {
      throw new SluiceError('Conflict', `${before.metadata.name} has another ${field}`);
    }
  }
}

function keyOf({ type, namespace, name }: ObjectAddress): string {
  return `${type.plural}/${namespace ?? 'default'}/${name}`;
}

function omitStatus({ status: _status, ...rest }: { [field: string]: unknown }): object {
  return rest;
}

function isLeaving(object: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [], deletionGracePeriodSeconds = 0 } = object.metadata;
  return deletionTimestamp !== undefined && finalizers.length === 0 && deletionGracePeriodSeconds === 0;
}

/** RFC 7396. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
  const merged: Record<string, unknown> = isObject ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}
