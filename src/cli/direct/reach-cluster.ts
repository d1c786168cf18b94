import type { ApiAccess } from '../access.ts';

/** Which cluster of which kubeconfig a person means. */
export interface ClusterChoice {
  /** The files of KUBECONFIG or the one at home when absent. */
  readonly kubeconfig?: string;
  /** The current context when absent. */
  readonly context?: string;
}

/** The API in front of the cluster that was chosen. Whoever made it closes it when the call of the tool is over. */
export interface ReachedApi {
  readonly access: ApiAccess;
  /** Namespace of the context. */
  readonly namespace?: string;
}

/** Reaches a cluster. Fails with Usage when the kubeconfig cannot be used. */
export type ReachCluster = (choice: ClusterChoice) => Promise<ReachedApi>;
