import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { loadAll } from 'js-yaml';

import type { KubeObject } from '../../src/api/object.ts';
import { hasCode } from '../../src/base/error.ts';
import type { KubernetesCluster } from '../../src/cluster/kubernetes/kubernetes-cluster.ts';

const pollMs = 50;
const fieldManager = 'sluice-test';

/** What `/api/v1` and its kin say of a resource. */
interface DiscoveredResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/**
 * Applies all objects of YAML or JSON files. CustomResourceDefinitions go first, and the others only when their kinds
 * are served.
 */
export async function applyManifests(
  cluster: KubernetesCluster,
  files: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const objects = files.flatMap((file) =>
    loadAll(readFileSync(file, 'utf8'))
      .filter((value) => value !== null && value !== undefined)
      .map((value) => checked(value, file)),
  );
  const isDefinition = ({ kind }: KubeObject): boolean => kind === 'CustomResourceDefinition';
  await Promise.all(objects.filter(isDefinition).map((object) => applyObject(cluster, object, signal)));
  for (const object of objects) if (!isDefinition(object)) await applyObject(cluster, object, signal);
}

function checked(value: unknown, file: string): KubeObject {
  const { apiVersion, kind, metadata } = value as Partial<KubeObject>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof metadata?.name !== 'string') {
    throw new TypeError(
      `${file}: an object needs apiVersion, kind and metadata.name, found ${JSON.stringify(value).slice(0, 200)}`,
    );
  }
  return value as KubeObject;
}

/** Applies one object by server-side apply. A CustomResourceDefinition is waited for until its kind is served. */
export async function applyObject(cluster: KubernetesCluster, object: KubeObject, signal: AbortSignal): Promise<void> {
  const group = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
  const discovery = await cluster.send({ method: 'GET', path: group }, { signal });
  const { resources } = discovery as { readonly resources: readonly DiscoveredResource[] };
  const resource = resources.find(({ kind, name }) => kind === object.kind && !name.includes('/'));
  if (resource === undefined) throw new Error(`the API server knows no ${object.kind} in ${object.apiVersion}`);
  const { name, namespace = 'default' } = object.metadata;
  const path = `${group}${resource.namespaced ? `/namespaces/${namespace}` : ''}/${resource.name}/${name}`;
  await cluster.send(
    {
      method: 'PATCH',
      path: `${path}?fieldManager=${fieldManager}&force=true`,
      body: object,
      contentType: 'application/apply-patch+yaml',
    },
    { signal },
  );
  if (object.kind === 'CustomResourceDefinition') await waitUntilServed(cluster, path, signal);
}

/** Waits until the kinds of all definitions are served, which after a start of the API server takes a moment. */
export async function waitForDefinitions(cluster: KubernetesCluster, signal: AbortSignal): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const list = await cluster.send({ method: 'GET', path }, { signal });
  const { items } = list as { readonly items: readonly KubeObject[] };
  for (const { metadata } of items) await waitUntilServed(cluster, `${path}/${metadata.name}`, signal);
}

/** A definition is served a moment after it is Established: only then can its kind be watched. */
async function waitUntilServed(cluster: KubernetesCluster, path: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const definition = (await cluster.send({ method: 'GET', path }, { signal })) as Definition;
    // A definition that was made just now has null for its conditions.
    const established = definition.status?.conditions?.some(
      ({ type, status }) => type === 'Established' && status === 'True',
    );
    if (established === true && (await canBeWatched(cluster, definition, signal))) return;
    await delay(pollMs, undefined, { signal });
  }
}

/** A watch from the first version of all is refused as too old as soon as watches are possible. */
async function canBeWatched(cluster: KubernetesCluster, definition: Definition, signal: AbortSignal): Promise<boolean> {
  const { group, names, versions } = definition.spec;
  const version = versions.find(({ served }) => served)?.name ?? '';
  const type = { group, version, kind: names.kind, plural: names.plural, namespaced: false };
  try {
    for await (const _ of cluster.watch(type, { resourceVersion: '1', timeoutSeconds: 1 }, signal)) return true;
    return true;
  } catch (error) {
    if (hasCode(error, 'NotFound', 'TooManyRequests', 'Unavailable')) return false;
    if (hasCode(error, 'Gone')) return true;
    throw error;
  }
}

/** The part of a CustomResourceDefinition that is read. */
interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] | null };
}
