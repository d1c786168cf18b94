import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { load } from 'js-yaml';

import { resourceTypes } from '../../api/resource-types.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import type { HttpPort } from '../../controller/http-port.ts';
import type { SignedPostOptions } from '../../controller/plugins/signed-post.ts';
import { secretTexts } from '../../controller/runs/metric-secrets.ts';
import { readStepPluginSettings, type SecretKey, type StepPluginSetting } from './step-plugin-settings.ts';

/** Loads a module of the user by its URL; only the composition root may import what it does not know. */
export type ImportModule = (url: string) => Promise<unknown>;

/** What plug-ins are made with. */
export interface PluginParts {
  readonly cluster: Pick<ClusterPort, 'get'>;
  /** May ask every host that the settings name. */
  readonly http: HttpPort;
  readonly clock: Clock;
  /** Namespace of Secrets that name none. */
  readonly ownNamespace: string;
}

/** What the file of plug-ins of one kind is read with. */
export interface PluginReading<Module> {
  /** What messages call the plug-ins. */
  readonly kind: string;
  readonly importModule: ImportModule;
  /** The functions that a module exports, or what is wrong with them. */
  readonly read: (exported: unknown) => Module | string;
}

/** The plug-ins of a file, with what their modules export by name. */
export interface LoadedPlugins<Module> {
  readonly settings: readonly StepPluginSetting[];
  readonly modules: ReadonlyMap<string, Module>;
}

/**
 * Reads a YAML file of plug-ins and loads their modules; there are none without a file. Fails with Usage when the file
 * or a module of it cannot be used: a controller never starts with half of them.
 */
export async function loadPlugins<Module extends object>(
  file: string | undefined,
  reading: PluginReading<Module>,
): Promise<LoadedPlugins<Module>> {
  if (file === undefined) return { settings: [], modules: new Map() };
  const settings = readStepPluginSettings(await readYaml(file, reading.kind), file);
  const folder = dirname(resolve(file));
  const modules = new Map<string, Module>();
  for (const setting of settings) {
    if (setting.kind === 'module') modules.set(setting.name, await loadModule(setting, folder, reading));
  }
  return { settings, modules };
}

async function readYaml(file: string, kind: string): Promise<unknown> {
  try {
    return load(await readFile(file, 'utf8'));
  } catch (error) {
    throw new SluiceError('Usage', `cannot read the ${kind}s ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** How a plug-in behind a URL is called, with the secret that its setting names. */
export function signedPostOptions(
  { url, timeoutMs, secret }: Extract<StepPluginSetting, { kind: 'http' }>,
  { cluster, http, clock, ownNamespace }: PluginParts,
): SignedPostOptions {
  return {
    url,
    timeoutMs,
    http,
    clock,
    readSecret: (signal) => readSecret(cluster, secret, ownNamespace, signal),
    nonce: () => randomBytes(16).toString('hex'),
  };
}

/** Its bytes must be known to be the right ones before it is loaded. */
async function loadModule<Module extends object>(
  { name, path, sha256 }: Extract<StepPluginSetting, { kind: 'module' }>,
  folder: string,
  { kind, importModule, read }: PluginReading<Module>,
): Promise<Module> {
  const file = resolve(folder, path);
  const fail = (why: string): SluiceError => new SluiceError('Usage', `${kind} ${name}: ${file}: ${why}`);
  try {
    if (sha256 !== undefined) {
      const digest = createHash('sha256')
        .update(await readFile(file))
        .digest('hex');
      if (digest !== sha256) throw fail(`its SHA-256 is ${digest}, not ${sha256}`);
    }
    const module = read(await importModule(pathToFileURL(file).href));
    if (typeof module === 'string') throw fail(module);
    return module;
  } catch (error) {
    throw error instanceof SluiceError ? error : fail(messageOf(error));
  }
}

async function readSecret(
  cluster: Pick<ClusterPort, 'get'>,
  { name, namespace, key }: SecretKey,
  ownNamespace: string,
  signal: AbortSignal,
): Promise<string> {
  const at = { type: resourceTypes.secret, namespace: namespace ?? ownNamespace, name };
  const secret = await cluster.get(at, { signal });
  const text = (secretTexts(secret['data'])[key] ?? '').trim();
  if (text === '') throw new SluiceError('Unauthorized', `the Secret ${at.namespace}/${name} has no key "${key}"`);
  return text;
}
