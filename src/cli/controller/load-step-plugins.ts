import { SluiceError } from '../../base/error.ts';
import { unreachable } from '../../base/invariant.ts';
import type { StepPlugin, StepPluginRegistry } from '../../controller/step-plugins/contract.ts';
import { httpPlugin } from '../../controller/step-plugins/http-plugin.ts';
import {
  modulePlugin,
  readStepPluginModule,
  type StepPluginModule,
} from '../../controller/step-plugins/module-plugin.ts';
import { loadPlugins, signedPostOptions, type ImportModule, type PluginParts } from './plugin-files.ts';
import type { StepPluginSetting } from './step-plugin-settings.ts';

/** What plug-ins are made with. */
export type StepPluginParts = PluginParts;

/** Makes the plug-ins for one cluster. */
export type MakeStepPlugins = (parts: StepPluginParts) => StepPluginRegistry;

/**
 * Loads the step plug-ins that a YAML file lists (docs/step-plug-ins.md), with their modules; none without a file.
 * Fails with Usage when the file or a module of it cannot be used: a controller never starts with half of them.
 */
export async function loadStepPlugins(file: string | undefined, importModule: ImportModule): Promise<MakeStepPlugins> {
  const reading = { kind: 'step plug-in', importModule, read: readStepPluginModule };
  const { settings, modules } = await loadPlugins(file, reading);
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
