import { writeFileSync } from 'node:fs';

import type { ClusterConnection } from '../../src/cluster/kubernetes/connection.ts';

/** A user of a cluster of ours, and how it proves who it is. Certificates and keys are PEM text. */
export interface Login {
  readonly user: string;
  /** `https://host:port`. */
  readonly server: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Writes a kubeconfig for one user. JSON is YAML too. */
export function writeKubeconfig(file: string, { user, server, authority, certificate, key }: Login): void {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(authority) } }],
    users: [{ name: user, user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user } }],
    'current-context': 'test',
  };
  writeFileSync(file, `${JSON.stringify(document, undefined, 2)}\n`, { mode: 0o600 });
}

/** The same for a client in this process. */
export function connectionOf(cluster: string, { server, authority, certificate, key }: Login): ClusterConnection {
  return {
    name: cluster,
    server: new URL(server),
    authority: { kind: 'text', text: authority },
    user: { certificate: { kind: 'text', text: certificate }, key: { kind: 'text', text: key } },
  };
}
