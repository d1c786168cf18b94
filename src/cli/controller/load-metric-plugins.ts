import { invariant, unreachable } from '../../base/invariant.ts';
import type { MetricPlugin, MetricPluginRegistry } from '../../controller/metric-plugins/contract.ts';
import { httpMetricPlugin } from '../../controller/metric-plugins/http-plugin.ts';
import {
  moduleMetricPlugin,
  readMetricPluginModule,
  type MetricPluginModule,
} from '../../controller/metric-plugins/module-plugin.ts';
import { loadPlugins, signedPostOptions, type ImportModule, type PluginParts } from './plugin-files.ts';
import type { StepPluginSetting } from './step-plugin-settings.ts';

/** The metric plug-ins of a file. */
export interface MetricPlugins {
  /** Under which metrics ask for them. */
  readonly names: readonly string[];
  /** Makes them for one cluster. */
  readonly make: (parts: PluginParts) => MetricPluginRegistry;
}

/**
 * Loads the metric plug-ins that a YAML file lists (docs/metric-plug-ins.md), with their modules; none without a file.
 * It has the form of the file of step plug-ins. Fails with Usage when the file or a module of it cannot be used.
 */
export async function loadMetricPlugins(file: string | undefined, importModule: ImportModule): Promise<MetricPlugins> {
  const reading = { kind: 'metric plug-in', importModule, read: readMetricPluginModule };
  const { settings, modules } = await loadPlugins(file, reading);
  return {
    names: settings.map(({ name }) => name),
    make: (parts) => new Map(settings.map((setting) => [setting.name, make(setting, modules, parts)])),
  };
}

function make(
  setting: StepPluginSetting,
  modules: ReadonlyMap<string, MetricPluginModule>,
  parts: PluginParts,
): MetricPlugin {
  switch (setting.kind) {
    case 'disabled':
      return {
        call: ({ id }) => Promise.resolve({ kind: 'failure', id, code: 'Unavailable', message: 'it is switched off' }),
      };
    case 'http':
      return httpMetricPlugin(signedPostOptions(setting, parts));
    case 'module': {
      const module = modules.get(setting.name);
      invariant(module !== undefined, 'every module was loaded');
      return moduleMetricPlugin(module, setting.timeoutMs, parts.clock);
    }
    default:
      return unreachable(setting);
  }
}
