import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { load } from 'js-yaml';

/** How to reach an API server and who one is there. Certificates and keys are PEM text. */
export interface Connection {
  /** `https://host:port`, perhaps with a path. */
  readonly server: string;
  readonly authority?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly token?: string;
  readonly insecure?: boolean;
}

/** Writes a kubeconfig for one user. JSON is YAML too. */
export function writeKubeconfig(file: string, user: string, connection: Connection): void {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: {
          server: connection.server,
          ...(connection.authority !== undefined && { 'certificate-authority-data': base64(connection.authority) }),
        },
      },
    ],
    users: [
      {
        name: user,
        user: {
          ...(connection.certificate !== undefined && { 'client-certificate-data': base64(connection.certificate) }),
          ...(connection.key !== undefined && { 'client-key-data': base64(connection.key) }),
          ...(connection.token !== undefined && { token: connection.token }),
        },
      },
    ],
    contexts: [{ name: 'test', context: { cluster: 'test', user } }],
    'current-context': 'test',
  };
  writeFileSync(file, `${JSON.stringify(document, undefined, 2)}\n`, { mode: 0o600 });
}

/**
 * Reads the current context of a kubeconfig. Credential plug-ins are refused: a test cluster has certificates or a
 * token.
 */
export function readKubeconfig(file: string): Connection {
  const document = load(readFileSync(file, 'utf8'));
  const contextName = text(document, 'current-context');
  const context = named(document, 'contexts', contextName, 'context', file);
  const cluster = named(document, 'clusters', text(context, 'cluster'), 'cluster', file);
  const user = named(document, 'users', text(context, 'user'), 'user', file);
  const server = text(cluster, 'server');
  if (server === undefined) throw new Error(`${file}: the cluster of context "${contextName}" names no server`);
  if (field(user, 'exec') !== undefined || field(user, 'auth-provider') !== undefined) {
    throw new Error(
      `${file}: the user of context "${contextName}" needs a credential plug-in; use a certificate or token`,
    );
  }
  const folder = dirname(file);
  const tokenFile = text(user, 'tokenFile');
  return {
    server,
    ...optional('authority', pem(cluster, 'certificate-authority', folder)),
    ...optional('certificate', pem(user, 'client-certificate', folder)),
    ...optional('key', pem(user, 'client-key', folder)),
    ...optional('token', text(user, 'token') ?? (tokenFile && readFileSync(resolve(folder, tokenFile), 'utf8').trim())),
    ...(field(cluster, 'insecure-skip-tls-verify') === true && { insecure: true }),
  };
}

function optional<Key extends string>(key: Key, value: string | undefined): { readonly [K in Key]?: string } {
  // The computed key is `Key`, which the compiler widens to string.
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: string };
}

function pem(value: unknown, key: string, folder: string): string | undefined {
  const data = text(value, `${key}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const file = text(value, key);
  return file === undefined ? undefined : readFileSync(resolve(folder, file), 'utf8');
}

function named(document: unknown, list: string, name: string | undefined, key: string, file: string): unknown {
  const items = field(document, list);
  const found = Array.isArray(items) ? items.find((item: unknown) => text(item, 'name') === name) : undefined;
  if (name === undefined || found === undefined) throw new Error(`${file}: ${list} has no entry named "${name ?? ''}"`);
  return field(found, key);
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

function text(value: unknown, key: string): string | undefined {
  const found = field(value, key);
  return typeof found === 'string' ? found : undefined;
}
