import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { loadAll } from 'js-yaml';

import type { KubeObject } from '../../src/api/object.ts';
import type { HttpCluster } from '../contract/http-cluster.ts';

const pollMs = 50;
const fieldManager = 'sluice-test';

/** What `/api/v1` and its kin say of a resource. */
interface DiscoveredResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Applies all objects of YAML or JSON files, in order. A CustomResourceDefinition is waited for before going on. */
export async function applyManifests(
  cluster: HttpCluster,
  files: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const file of files) {
    const objects = loadAll(readFileSync(file, 'utf8')).filter((value) => value !== null && value !== undefined);
    for (const object of objects) await applyObject(cluster, checked(object, file), signal);
  }
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

async function applyObject(cluster: HttpCluster, object: KubeObject, signal: AbortSignal): Promise<void> {
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

/** A definition is served a moment after it is Established, so its own resource is asked for too. */
async function waitUntilServed(cluster: HttpCluster, path: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const definition = (await cluster.send({ method: 'GET', path }, { signal })) as Definition;
    const established = definition.status?.conditions?.some(
      ({ type, status }) => type === 'Established' && status === 'True',
    );
    const { group, names, versions } = definition.spec;
    const version = versions.find(({ served }) => served)?.name;
    if (established === true && version !== undefined) {
      const listing = `/apis/${group}/${version}/${names.plural}?limit=1`;
      const served = await cluster.send({ method: 'GET', path: listing }, { signal }).then(
        () => true,
        () => false,
      );
      if (served) return;
    }
    await delay(pollMs, undefined, { signal });
  }
}

/** The part of a CustomResourceDefinition that is read. */
interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}
