/** Where manifests come from. */
export type RunSource =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'repository'; readonly url: string; readonly ref: string; readonly path: string };

/** What `sluice run` was asked for. Paths are absolute. */
export interface RunRequest {
  readonly source: RunSource;
  /** True to delete what was applied from the source once and is no longer in it. */
  readonly prune: boolean;
  /** How often the source is looked at. */
  readonly intervalMs: number;
  /** Directory that keeps the state, the address of the API and its token. */
  readonly stateDirectory: string;
  /** Port of the API; 0 lets the system choose. */
  readonly apiPort: number;
  /** Port of the gateway; 0 lets the system choose. */
  readonly gatewayPort: number;
  /** File that says which program an image stands for. */
  readonly imagesPath: string | undefined;
  /** File with the metric plug-ins; without it only those that are built in are there. */
  readonly metricPluginsPath: string | undefined;
  /** File with the step plug-ins; without it only those that are built in are there. */
  readonly stepPluginsPath: string | undefined;
  /** Namespace of manifests that name none. */
  readonly namespace: string;
}

/** What the command line tool gives to a run. */
export interface RunContext {
  /** Aborts when the run is to end. */
  readonly signal: AbortSignal;
  /** Shows one line to the person who started it. */
  readonly tell: (line: string) => void;
}

/** Carries a run out until its signal aborts; rejects when it cannot begin or go on. */
export type RunFactory = (request: RunRequest, context: RunContext) => Promise<void>;
