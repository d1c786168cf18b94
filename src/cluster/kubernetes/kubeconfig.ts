import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { load } from 'js-yaml';

import { messageOf, SluiceError } from '../../base/error.ts';
import type { ClusterConnection } from './connection.ts';
import { readCluster, readUser, section, text, type Entry, type Section } from './kubeconfig-entry.ts';

/** Which context of which files. */
export interface KubeconfigOptions {
  /** Files in order of precedence: of entries with the same name the first one counts. */
  readonly paths: readonly string[];
  /** The current context of the files when absent. */
  readonly context?: string;
}

/** Longest file that is taken for a kubeconfig. */
const charactersMax = 8 * 2 ** 20;

/**
 * Reads how a cluster is reached from kubeconfig files. Fails with Usage that names the file, the entry and what would
 * be right. Files that do not exist are passed over as long as one does.
 */
export async function readKubeconfig({ paths, context }: KubeconfigOptions): Promise<ClusterConnection> {
  const documents = await readDocuments(paths);
  const where = paths.join(', ');
  const name = context ?? documents.map(({ content }) => text(content['current-context'])).find(Boolean);
  if (name === undefined) {
    const known = namesIn(documents, 'contexts');
    throw new SluiceError('Usage', `${where}: no context is current; name one of: ${known.join(', ') || '(none)'}`);
  }
  const chosen = find(documents, 'contexts', 'context', name, where);
  const clusterName = text(chosen.content['cluster']);
  if (clusterName === undefined) throw new SluiceError('Usage', `${chosen.where}: names no cluster`);
  const cluster = find(documents, 'clusters', 'cluster', clusterName, chosen.where);
  const userName = text(chosen.content['user']);
  const user = userName === undefined ? undefined : find(documents, 'users', 'user', userName, chosen.where);
  const namespace = text(chosen.content['namespace']);
  return {
    name,
    ...readCluster(cluster),
    ...(namespace !== undefined && { namespace }),
    user: user === undefined ? {} : readUser(user),
  };
}

async function readDocuments(paths: readonly string[]): Promise<readonly Entry[]> {
  const documents: Entry[] = [];
  for (const file of paths) {
    const content = await readDocument(file, paths.length > 1);
    if (content !== undefined) documents.push({ content, folder: path.dirname(path.resolve(file)), where: file });
  }
  if (documents.length === 0) throw new SluiceError('Usage', `there is no kubeconfig at ${paths.join(', ')}`);
  return documents;
}

async function readDocument(file: string, mayMiss: boolean): Promise<Section | undefined> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    if (mayMiss && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SluiceError('Usage', `cannot read the kubeconfig ${file}: ${messageOf(error)}`, { cause: error });
  }
  if (content.length > charactersMax) throw new SluiceError('Usage', `${file}: too large for a kubeconfig`);
  const document = section(parse(file, content));
  if (document === undefined) throw new SluiceError('Usage', `${file}: is no kubeconfig: it holds no mapping`);
  return document;
}

/** The parser's message shows lines of the file, which may hold secrets: only the place is told. */
function parse(file: string, content: string): unknown {
  try {
    return load(content);
  } catch (error) {
    const { mark, reason } = error as { readonly mark?: { readonly line?: number }; readonly reason?: string };
    const place = mark?.line === undefined ? '' : `, line ${mark.line + 1}`;
    throw new SluiceError('Usage', `${file}${place}: is no YAML: ${reason ?? 'it cannot be parsed'}`);
  }
}

function entriesOf({ content, folder, where }: Entry, list: string): readonly (Entry & { readonly name: string })[] {
  const items = content[list];
  return (Array.isArray(items) ? items : []).flatMap((item: unknown) => {
    const entry = section(item);
    const name = text(entry?.['name']);
    return entry === undefined || name === undefined ? [] : [{ name, content: entry, folder, where }];
  });
}

function namesIn(documents: readonly Entry[], list: string): readonly string[] {
  return documents.flatMap((document) => entriesOf(document, list).map(({ name }) => name));
}

function find(documents: readonly Entry[], list: string, key: string, name: string, where: string): Entry {
  for (const document of documents) {
    const entry = entriesOf(document, list).find((candidate) => candidate.name === name);
    if (entry === undefined) continue;
    const place = `${document.where}: ${key} "${name}"`;
    const content = section(entry.content[key]);
    if (content === undefined) throw new SluiceError('Usage', `${place}: has no "${key}"`);
    return { content, folder: entry.folder, where: place };
  }
  const known = namesIn(documents, list);
  throw new SluiceError('Usage', `${where}: there is no ${key} "${name}"; there is: ${known.join(', ') || '(none)'}`);
}
