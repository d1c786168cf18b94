import { createConfigSource, type ConfigSource, type ConfigSourceOptions } from './config-source.ts';

/** Where a Rollout's notifications are configured. */
export interface RolloutSource {
  readonly source: ConfigSource;
  /** The namespace, when it is the Rollout's own and not the controller's. */
  readonly tenant?: string;
}

/** What the sources are made with; `namespace` is the controller's. */
export interface ConfigSourcesOptions extends ConfigSourceOptions {
  /** Namespaces of Rollouts may have configurations of their own. */
  readonly hasTenants: boolean;
}

/** Namespaces whose configuration is remembered. */
const tenantsMax = 1000;

/** The configuration of the controller, and those that namespaces have of their own. */
export class ConfigSources {
  readonly #options: ConfigSourcesOptions;
  readonly #own: ConfigSource;
  readonly #tenants = new Map<string, ConfigSource>();

  constructor(options: ConfigSourcesOptions) {
    this.#options = options;
    this.#own = createConfigSource(options);
  }

  /** What counts for Rollouts in a namespace. */
  of(namespace: string): readonly RolloutSource[] {
    const own = { source: this.#own };
    if (!this.#options.hasTenants || namespace === this.#options.namespace) return [own];
    return [own, { source: this.#tenant(namespace), tenant: namespace }];
  }

  #tenant(namespace: string): ConfigSource {
    const known = this.#tenants.get(namespace);
    if (known !== undefined) return known;
    const [oldest] = this.#tenants.keys();
    if (this.#tenants.size >= tenantsMax && oldest !== undefined) this.#tenants.delete(oldest);
    const source = createConfigSource({ ...this.#options, namespace });
    this.#tenants.set(namespace, source);
    return source;
  }
}
