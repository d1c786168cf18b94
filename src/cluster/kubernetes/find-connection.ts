import { access, readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import path from 'node:path';

import { SluiceError } from '../../base/error.ts';
import type { ClusterConnection } from './connection.ts';
import { readKubeconfig } from './kubeconfig.ts';

/** Where to look for a cluster. */
export interface ConnectionSearch {
  /** A kubeconfig that the person named. */
  readonly kubeconfig?: string;
  /** A context of the kubeconfig. */
  readonly context?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder that Kubernetes mounts into every pod with a service account. */
  readonly serviceAccountFolder?: string;
}

const serviceAccountFolderDefault = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Finds out how the cluster is reached: the named kubeconfig, else the files of KUBECONFIG, else the service account of
 * the pod this runs in, else `~/.kube/config`. Fails with Usage.
 */
export async function findConnection(search: ConnectionSearch): Promise<ClusterConnection> {
  const { kubeconfig, context, environment } = search;
  const chosen = context === undefined ? {} : { context };
  const listed = kubeconfig === undefined ? listedFiles(environment) : [kubeconfig];
  if (listed.length > 0) return await readKubeconfig({ paths: listed, ...chosen });
  const inPod = context === undefined ? await inCluster(search) : undefined;
  if (inPod !== undefined) return inPod;
  const file = path.join(environment['HOME'] ?? '~', '.kube', 'config');
  if (await exists(file)) return await readKubeconfig({ paths: [file], ...chosen });
  throw new SluiceError(
    'Usage',
    `no cluster is named: give --kubeconfig, set KUBECONFIG, run in a pod, or make ${file}`,
  );
}

function listedFiles(environment: ConnectionSearch['environment']): readonly string[] {
  return (environment['KUBECONFIG'] ?? '').split(path.delimiter).filter((file) => file !== '');
}

/** The service account of the pod that this runs in; undefined outside of pods. */
async function inCluster(search: ConnectionSearch): Promise<ClusterConnection | undefined> {
  const { environment, serviceAccountFolder: folder = serviceAccountFolderDefault } = search;
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = environment;
  const token = path.join(folder, 'token');
  if (host === '' || !(await exists(token))) return undefined;
  const namespace = (await readFile(path.join(folder, 'namespace'), 'utf8').catch(() => '')).trim();
  return {
    name: 'in-cluster',
    server: new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`),
    authority: { kind: 'file', path: path.join(folder, 'ca.crt') },
    user: { token: { kind: 'file', path: token } },
    ...(namespace !== '' && { namespace }),
  };
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
