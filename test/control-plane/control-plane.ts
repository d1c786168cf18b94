import { fail, succeed, type Result } from '../../src/base/result.ts';
import type { ClusterConnection } from '../../src/cluster/kubernetes/connection.ts';
import type { KubernetesCluster } from '../../src/cluster/kubernetes/kubernetes-cluster.ts';
import { findBinaries } from './binaries.ts';
import type { Program } from './build.ts';
import type { Certificate } from './certificate.ts';
import type { KubeletSettings } from './cluster-programs.ts';
import { openExistingCluster } from './existing-cluster.ts';
import { startOwnCluster } from './own-cluster.ts';

/** A user that a cluster of ours knows by a client certificate. RBAC decides what the groups may do. */
export interface User {
  readonly name: string;
  readonly groups?: readonly string[];
}

/** What to start. */
export interface ControlPlaneOptions {
  /** In addition to `admin`, who may do everything. */
  readonly users?: readonly User[];
  readonly kubelet?: KubeletSettings;
  /** Files with objects that are applied at start; CustomResourceDefinitions in them are waited for. */
  readonly manifests?: readonly string[];
  /** Install the definitions of the Gateway API (HTTPRoute, GRPCRoute and their kin). */
  readonly gatewayApi?: boolean;
  /** Port of the API server; a free one unless given. */
  readonly port?: number;
  /** More flags of the API server. */
  readonly apiServerFlags?: readonly string[];
  /** Longest wait until everything is ready. */
  readonly readyTimeoutMs?: number;
  /** Receives lines for a person; standard error unless given. */
  readonly report?: (line: string) => void;
  readonly environment?: NodeJS.ProcessEnv;
}

/** A running Kubernetes API server with its controllers and nodes. */
export interface ControlPlane {
  /** `own`: started by us, may be broken at will. `existing`: a throw-away cluster of somebody else. */
  readonly kind: 'own' | 'existing';
  readonly name: string;
  /** Kubernetes version, e.g. `v1.34.4`. */
  readonly version: string;
  /** Time from nothing to ready, and what building took before; 0 for an existing cluster. */
  readonly startMs: number;
  readonly buildMs: number;
  /** How to reach the API server as one of the users; `admin` unless given. */
  connection(user?: string): ClusterConnection;
  /** Path of a kubeconfig for that user. */
  kubeconfig(user?: string): string;
  /** A client for that user; it is closed with the control plane. */
  cluster(user?: string): KubernetesCluster;
  /** Runs kubectl as that user and returns what it prints; a failure throws with its error output. */
  kubectl(words: readonly string[], user?: string): Promise<string>;
  /** Takes everything down. Throws when a program had ended by itself before. Calling it again does nothing. */
  stop(): Promise<void>;
}

/** A control plane of our own, whose processes can be measured and broken. */
export interface OwnControlPlane extends ControlPlane {
  readonly kind: 'own';
  readonly directory: string;
  /** A new certificate for a user, whether the control plane knows it already or not; it expires after the lifetime. */
  clientCertificate(user: User, lifetimeMs: number): Certificate;
  /** Process ids by program. */
  readonly processes: ReadonlyMap<Program, number>;
  /** Kills a program. It stays down until `start`. */
  kill(program: Program): Promise<void>;
  /** Starts a killed program again and waits until it works. */
  start(program: Program): Promise<void>;
  /**
   * Makes all history before now unreadable, so that old pages and watches expire. etcd forgets it, and the API server
   * is started again because it keeps snapshots for pages in memory for a while.
   */
  forgetHistory(): Promise<void>;
  /** Everything a program has printed. */
  log(program: Program): string;
}

/**
 * Starts a control plane, or opens the throw-away cluster of KUBECONFIG when SLUICE_E2E_ALLOW is 1. The failure is one
 * line that says why this machine can have none; what goes wrong otherwise is thrown.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<Result<ControlPlane, string>> {
  const environment = options.environment ?? process.env;
  if (environment['SLUICE_E2E_ALLOW'] === '1' && environment['KUBECONFIG']) {
    return succeed(await openExistingCluster(environment['KUBECONFIG'], options));
  }
  return await startOwnControlPlane(options);
}

/** Starts a control plane of our own: see `startControlPlane`. */
export async function startOwnControlPlane(
  options: ControlPlaneOptions = {},
): Promise<Result<OwnControlPlane, string>> {
  const report = options.report ?? ((line) => process.stderr.write(`control plane: ${line}\n`));
  const environment = options.environment ?? process.env;
  const binaries = await findBinaries({ report, environment });
  if (!binaries.ok) return fail(binaries.error);
  return succeed(await startOwnCluster(binaries.value, { ...options, report }));
}
