import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { load } from 'js-yaml';

import { resourceTypes } from '../../api/resource-types.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import { unreachable } from '../../base/invariant.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import type { HttpPort } from '../../controller/http-port.ts';
import { secretTexts } from '../../controller/runs/metric-secrets.ts';
import type { StepPlugin, StepPluginRegistry } from '../../controller/step-plugins/contract.ts';
import { httpPlugin } from '../../controller/step-plugins/http-plugin.ts';
import {
  modulePlugin,
  readStepPluginModule,
  type StepPluginModule,
} from '../../controller/step-plugins/module-plugin.ts';
import { readStepPluginSettings, type SecretKey, type StepPluginSetting } from './step-plugin-settings.ts';

/** What plug-ins are made with. */
export interface StepPluginParts {
  readonly cluster: Pick<ClusterPort, 'get'>;
  /** May ask every host that the settings name. */
  readonly http: HttpPort;
  readonly clock: Clock;
  /** Namespace of Secrets that name none. */
  readonly ownNamespace: string;
}

/** Loads a module of the user by its URL; only the composition root may import what it does not know. */
export type ImportModule = (url: string) => Promise<unknown>;

/** Makes the plug-ins for one cluster. */
export type MakeStepPlugins = (parts: StepPluginParts) => StepPluginRegistry;

/**
 * Loads the step plug-ins that a YAML file lists (docs/step-plug-ins.md), with their modules; none without a file.
 * Fails with Usage when the file or a module of it cannot be used: a controller never starts with half of them.
 */
export async function loadStepPlugins(file: string | undefined, importModule: ImportModule): Promise<MakeStepPlugins> {
  const settings = file === undefined ? [] : readStepPluginSettings(await readYaml(file), file);
  const folder = dirname(resolve(file ?? ''));
  const modules = new Map<string, StepPluginModule>();
  for (const setting of settings) {
    if (setting.kind === 'module') modules.set(setting.name, await loadModule(setting, folder, importModule));
  }
  return (parts) => new Map(settings.map((setting) => [setting.name, make(setting, modules, parts)]));
}

function make(
  setting: StepPluginSetting,
  modules: ReadonlyMap<string, StepPluginModule>,
  { cluster, http, clock, ownNamespace }: StepPluginParts,
): StepPlugin {
  switch (setting.kind) {
    case 'disabled':
      return { disabled: true, call: () => Promise.resolve({ phase: 'Error', message: 'it is switched off' }) };
    case 'http': {
      const { url, timeoutMs, secret } = setting;
      return httpPlugin({
        url,
        timeoutMs,
        http,
        clock,
        readSecret: (signal) => readSecret(cluster, secret, ownNamespace, signal),
        nonce: () => randomBytes(16).toString('hex'),
      });
    }
    case 'module':
      return modulePlugin(modules.get(setting.name) ?? { run: notLoaded }, setting.timeoutMs, clock);
    default:
      return unreachable(setting);
  }
}

function notLoaded(): never {
  throw new SluiceError('Internal', 'the module was not loaded');
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

async function readYaml(file: string): Promise<unknown> {
  try {
    return load(await readFile(file, 'utf8'));
  } catch (error) {
    throw new SluiceError('Usage', `cannot read the step plug-ins ${file}: ${messageOf(error)}`, { cause: error });
  }
}

async function loadModule(
  { name, path, sha256 }: Extract<StepPluginSetting, { kind: 'module' }>,
  folder: string,
  importModule: ImportModule,
): Promise<StepPluginModule> {
  const file = resolve(folder, path);
  const fail = (why: string): SluiceError => new SluiceError('Usage', `step plug-in ${name}: ${file}: ${why}`);
  try {
    if (sha256 !== undefined) {
      const digest = createHash('sha256')
        .update(await readFile(file))
        .digest('hex');
      if (digest !== sha256) throw fail(`its SHA-256 is ${digest}, not ${sha256}`);
    }
    const module = readStepPluginModule(await importModule(pathToFileURL(file).href));
    if (typeof module === 'string') throw fail(module);
    return module;
  } catch (error) {
    throw error instanceof SluiceError ? error : fail(messageOf(error));
  }
}
