import { dump } from 'js-yaml';

import { kindSchemas } from '../../api/json-schema.ts';
import type { KubeObject } from '../../api/object.ts';
import { watchedAccess, type InstallScope } from './access-objects.ts';
import { chartFiles } from './chart-files.ts';
import { installFiles, type InstallFile } from './install-objects.ts';

/** A file below `deploy/`. */
export interface DeployFile {
  readonly path: string;
  readonly text: string;
}

/** What the stored files are made for; kustomize changes it. */
const version = '0.1.0';
const defaults = { namespace: 'sluice-system', image: `sluice:${version}` } as const;

/** What an overlay replaces by the namespace that is looked after. */
const watchedExample = 'watched';

const folders: Readonly<Record<InstallScope, string>> = { cluster: 'base', namespace: 'namespaced' };

/**
 * All files below `deploy/`: a kustomize base for the whole cluster, one for a single namespace, one for each further
 * namespace that the latter looks after, a Helm chart, and the JSON Schemas of all kinds.
 */
export function deployFiles(): readonly DeployFile[] {
  const bases = (['cluster', 'namespace'] as const).flatMap((scope) =>
    baseFiles(folders[scope], defaults.namespace, installFiles({ ...defaults, scope })),
  );
  const access = { name: 'access.yaml', objects: watchedAccess(watchedExample, defaults.namespace) };
  const watched = baseFiles('watched-namespace', watchedExample, [access]);
  const chart = chartFiles({ chart: version, app: version }).map(({ path, text }) => ({ path: `chart/${path}`, text }));
  return [...bases, ...watched, ...chart, ...schemaFiles()];
}

function baseFiles(folder: string, namespace: string, files: readonly InstallFile[]): readonly DeployFile[] {
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namespace,
    resources: files.map(({ name }) => name),
  };
  return [
    { path: `${folder}/kustomization.yaml`, text: dump(kustomization) },
    ...files.map(({ name, objects }) => ({ path: `${folder}/${name}`, text: manifestText(objects) })),
  ];
}

/** Named as validators of manifests look for them. */
function schemaFiles(): readonly DeployFile[] {
  return kindSchemas().map(({ kind, version, schema }) => ({
    path: `schemas/${kind.toLowerCase()}_${version}.json`,
    text: `${JSON.stringify(schema)}\n`,
  }));
}

/** Objects as one YAML text. */
export function manifestText(objects: readonly KubeObject[]): string {
  return objects.map((object) => dump(object, { noRefs: true, lineWidth: 120 })).join('---\n');
}
