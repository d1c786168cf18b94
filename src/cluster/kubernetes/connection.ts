/** Text that is given, or stands in a file that may be replaced while the process runs. */
export type TextSource = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'file'; path: string };

/** How one API server is reached, and as whom. */
export interface ClusterConnection {
  /** For messages and logs: the name of the context, or `in-cluster`. */
  readonly name: string;
  /** `https://host:port`, perhaps with a path that stands before all others. */
  readonly server: URL;
  /** Namespace that the context is about. */
  readonly namespace?: string;
  /** Certificates (PEM) that vouch for the server; the ones of the system when absent. */
  readonly authority?: TextSource;
  /** Name that the server's certificate must carry, when it is not the host. */
  readonly serverName?: string;
  /** Believe any certificate. Only when the person has said so. */
  readonly insecure?: boolean;
  /** Proxy that requests go through. */
  readonly proxy?: URL;
  readonly user: ClusterUser;
}

/** What proves who we are. Several may be given; the API server decides. */
export interface ClusterUser {
  readonly certificate?: TextSource;
  readonly key?: TextSource;
  readonly token?: TextSource;
  readonly password?: { readonly user: string; readonly password: string };
  readonly plugin?: PluginSettings;
  /** A login that client libraries know by name (`oidc`, `azure`, `gcp`), as it stands in the kubeconfig. */
  readonly provider?: LoginProvider;
  readonly impersonate?: Impersonation;
}

/** A program that hands out credentials (ExecCredential of client.authentication.k8s.io). */
export interface PluginSettings {
  readonly command: string;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly apiVersion: string;
  /** What a person should do when the program is missing. */
  readonly installHint?: string;
  /** Tell the program about the cluster. */
  readonly wantsCluster: boolean;
}

/** A named login of the kubeconfig. */
export interface LoginProvider {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Whom to act as. */
export interface Impersonation {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}
