import path from 'node:path';

import { SluiceError } from '../../base/error.ts';
import type {
  ClusterConnection,
  ClusterUser,
  Impersonation,
  LoginProvider,
  PluginSettings,
  TextSource,
} from './connection.ts';

/** A part of a kubeconfig, as YAML gives it. */
export type Section = Readonly<Record<string, unknown>>;

/** An entry of a list, with the folder that its relative paths start from. */
export interface Entry {
  readonly content: Section;
  readonly folder: string;
  /** Where it stands, for messages. */
  readonly where: string;
}

/** Reads a cluster: where the API server is and how it proves itself. Fails with Usage. */
export function readCluster(entry: Entry): Omit<ClusterConnection, 'name' | 'user'> {
  const { content, where } = entry;
  const server = text(content['server']);
  if (server === undefined) throw new SluiceError('Usage', `${where}: names no server`);
  const authority = pem(entry, 'certificate-authority');
  const serverName = text(content['tls-server-name']);
  const proxy = text(content['proxy-url']);
  const insecure = content['insecure-skip-tls-verify'] === true;
  return {
    server: readUrl(server, `${where}: server`, ['https:', 'http:']),
    ...(authority !== undefined && !insecure && { authority }),
    ...(serverName !== undefined && { serverName }),
    ...(insecure && { insecure }),
    ...(proxy !== undefined && { proxy: readUrl(proxy, `${where}: proxy-url`) }),
  };
}

/** Reads a user: what proves who we are. Fails with Usage. */
export function readUser(entry: Entry): ClusterUser {
  const { content, where } = entry;
  const certificate = pem(entry, 'client-certificate');
  const key = pem(entry, 'client-key');
  if ((certificate === undefined) !== (key === undefined)) {
    throw new SluiceError('Usage', `${where}: client-certificate and client-key belong together`);
  }
  const token = readToken(entry);
  const name = text(content['username']);
  const plugin = readPlugin(entry);
  const provider = readProvider(entry);
  const impersonate = readImpersonation(content);
  return {
    ...(certificate !== undefined && { certificate }),
    ...(key !== undefined && { key }),
    ...(token !== undefined && { token }),
    ...(name !== undefined && { password: { user: name, password: text(content['password']) ?? '' } }),
    ...(plugin !== undefined && { plugin }),
    ...(provider !== undefined && { provider }),
    ...(impersonate !== undefined && { impersonate }),
  };
}

/** A non-empty text, or undefined. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A mapping; undefined for anything else. */
export function section(value: unknown): Section | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Section) : undefined;
}

/** A file counts before a text, as the file may be renewed. */
function readToken({ content, folder }: Entry): TextSource | undefined {
  const file = text(content['tokenFile']);
  if (file !== undefined) return { kind: 'file', path: path.resolve(folder, file) };
  const token = text(content['token']);
  return token === undefined ? undefined : { kind: 'text', text: token.trim() };
}

function pem({ content, folder, where }: Entry, key: string): TextSource | undefined {
  const data = text(content[`${key}-data`]);
  if (data !== undefined) {
    const decoded = Buffer.from(data, 'base64').toString('utf8').trim();
    if (!decoded.includes('-----BEGIN ')) {
      throw new SluiceError('Usage', `${where}: ${key}-data is no PEM text in base64`);
    }
    return { kind: 'text', text: decoded };
  }
  const file = text(content[key]);
  return file === undefined ? undefined : { kind: 'file', path: path.resolve(folder, file) };
}

function readPlugin({ content, folder, where }: Entry): PluginSettings | undefined {
  const plugin = section(content['exec']);
  if (plugin === undefined) return undefined;
  const command = text(plugin['command']);
  if (command === undefined) throw new SluiceError('Usage', `${where}: exec names no command`);
  if (plugin['interactiveMode'] === 'Always') {
    throw new SluiceError('Usage', `${where}: exec.interactiveMode is "Always", and nobody is there to be asked`);
  }
  const installHint = text(plugin['installHint']);
  return {
    // A name without a slash is looked for on the PATH.
    command: command.includes('/') ? path.resolve(folder, command) : command,
    words: list(plugin['args']).map(String),
    environment: Object.fromEntries(
      list(plugin['env']).map((item) => {
        const variable = section(item) ?? {};
        return [text(variable['name']) ?? '', text(variable['value']) ?? ''];
      }),
    ),
    apiVersion: text(plugin['apiVersion']) ?? 'client.authentication.k8s.io/v1',
    wantsCluster: plugin['provideClusterInfo'] === true,
    ...(installHint !== undefined && { installHint }),
  };
}

function readProvider({ content, where }: Entry): LoginProvider | undefined {
  const provider = section(content['auth-provider']);
  if (provider === undefined) return undefined;
  const name = text(provider['name']);
  if (name === undefined) throw new SluiceError('Usage', `${where}: auth-provider has no name`);
  return { name, config: section(provider['config']) ?? {} };
}

function readImpersonation(content: Section): Impersonation | undefined {
  const user = text(content['as']);
  if (user === undefined) return undefined;
  const uid = text(content['as-uid']);
  return {
    user,
    ...(uid !== undefined && { uid }),
    groups: list(content['as-groups']).map(String),
    extra: Object.fromEntries(
      Object.entries(section(content['as-user-extra']) ?? {}).map(([key, values]) => [key, list(values).map(String)]),
    ),
  };
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function readUrl(value: string, where: string, protocols?: readonly string[]): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || (protocols !== undefined && !protocols.includes(url.protocol))) {
    throw new SluiceError('Usage', `${where}: "${value}" is no URL like https://host:6443`);
  }
  return url;
}
