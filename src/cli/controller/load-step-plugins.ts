import { dirname, resolve } from 'node:path';

import { SluiceError } from '../../base/error.ts';
import { unreachable } from '../../base/invariant.ts';
import type { StepPlugin, StepPluginRegistry } from '../../controller/step-plugins/contract.ts';
import { httpPlugin } from '../../controller/step-plugins/http-plugin.ts';
import {
  modulePlugin,
  readStepPluginModule,
  type StepPluginModule,
} from '../../controller/step-plugins/module-plugin.ts';
import {
  loadPluginModule,
  readPluginFile,
  signedPostOptions,
  type ImportModule,
  type PluginParts,
} from './plugin-files.ts';
import { readStepPluginSettings, type StepPluginSetting } from './step-plugin-settings.ts';

/** What plug-ins are made with. */
export type StepPluginParts = PluginParts;

/** Makes the plug-ins for one cluster. */
export type MakeStepPlugins = (parts: StepPluginParts) => StepPluginRegistry;

const kind = 'step plug-in';

/**
 * Loads the step plug-ins that a YAML file lists (docs/step-plug-ins.md), with their modules; none without a file.
 * Fails with Usage when the file or a module of it cannot be used: a controller never starts with half of them.
 */
export async function loadStepPlugins(file: string | undefined, importModule: ImportModule): Promise<MakeStepPlugins> {
  const settings = file === undefined ? [] : readStepPluginSettings(await readPluginFile(file, kind), file);
  const reading = { kind, folder: dirname(resolve(file ?? '')), importModule, read: readStepPluginModule };
  const modules = new Map<string, StepPluginModule>();
  for (const setting of settings) {
    if (setting.kind === 'module') modules.set(setting.name, await loadPluginModule(setting, reading));
  }
  return (parts) => new Map(settings.map((setting) => [setting.name, make(setting, modules, parts)]));
}

function make(
  setting: StepPluginSetting,
  modules: ReadonlyMap<string, StepPluginModule>,
  parts: StepPluginParts,
): StepPlugin {
  switch (setting.kind) {
    case 'disabled':
      return { disabled: true, call: () => Promise.resolve({ phase: 'Error', message: 'it is switched off' }) };
    case 'http':
      return httpPlugin(signedPostOptions(setting, parts));
    case 'module':
      return modulePlugin(modules.get(setting.name) ?? { run: notLoaded }, setting.timeoutMs, parts.clock);
    default:
      return unreachable(setting);
  }
}

function notLoaded(): never {
  throw new SluiceError('Internal', 'the module was not loaded');
}
