import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { ClusterConnection } from '../../src/cluster/kubernetes/connection.ts';
import { createKubernetesCluster, type KubernetesCluster } from '../../src/cluster/kubernetes/kubernetes-cluster.ts';

const run = promisify(execFile);
const kubectlTimeoutMs = 60_000;
const kubectlBytesMax = 64 * 2 ** 20;

/** How one user reaches the cluster: for a client in this process, and for programs. */
export interface Access {
  readonly connection: ClusterConnection;
  readonly kubeconfig: string;
}

/** The users of one cluster: their kubeconfigs and their clients. */
export class Clients {
  readonly #kubectl: string;
  readonly #users: ReadonlyMap<string, Access>;
  readonly #open: KubernetesCluster[] = [];

  constructor(kubectl: string, users: ReadonlyMap<string, Access>) {
    this.#kubectl = kubectl;
    this.#users = users;
  }

  connection(user: string): ClusterConnection {
    return this.#user(user).connection;
  }

  kubeconfig(user: string): string {
    return this.#user(user).kubeconfig;
  }

  client(user: string): KubernetesCluster {
    const client = createKubernetesCluster({
      connection: this.connection(user),
      clock: systemClock,
      log: silentLog,
      environment: {},
      userAgent: 'sluice-test',
    });
    this.#open.push(client);
    return client;
  }

  async kubectl(words: readonly string[], user: string): Promise<string> {
    const flags = ['--kubeconfig', this.kubeconfig(user)];
    try {
      const { stdout } = await run(this.#kubectl, [...flags, ...words], {
        timeout: kubectlTimeoutMs,
        maxBuffer: kubectlBytesMax,
      });
      return stdout;
    } catch (error) {
      const { stderr } = error as { readonly stderr?: string };
      throw new Error(`kubectl ${words.join(' ')} failed: ${stderr?.trim() ?? String(error)}`, { cause: error });
    }
  }

  close(): void {
    for (const client of this.#open) client.close();
  }

  #user(name: string): Access {
    const user = this.#users.get(name);
    if (user === undefined) throw new Error(`there is no user "${name}"; known: ${[...this.#users.keys()].join(', ')}`);
    return user;
  }
}
