import type { Clock } from '../base/clock.ts';
import type { ControllerFactory } from './controller/control-request.ts';
import type { ReachCluster } from './direct/reach-cluster.ts';
import type { RunFactory } from './run-request.ts';

/** Where text goes. */
export interface Output {
  write(text: string): void;
  /** A person looks, and the cursor can be moved. */
  readonly isTerminal: boolean;
  /** Size of the terminal; of no meaning elsewhere. */
  readonly columns: number;
  readonly rows: number;
}

/** Everything the command line tool knows of the process it runs in. */
export interface CliContext {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  /** Directory that relative paths start from. */
  readonly workingDirectory: string;
  readonly homeDirectory: string;
  /** Who gives the commands. */
  readonly user: string;
  /** Version of Sluice. */
  readonly version: string;
  readonly clock: Clock;
  /** Aborts on an interrupt. */
  readonly signal: AbortSignal;
  /** Serves manifests on this machine; without it there is no `run`. */
  readonly run?: RunFactory;
  /** Reaches clusters by kubeconfig; without it only a Sluice that runs can be talked to. */
  readonly reachCluster?: ReachCluster;
  /** Carries the Rollouts of a cluster out; without it there is no `controller`. */
  readonly control?: ControllerFactory;
}
