import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { HttpCluster } from '../contract/http-cluster.ts';
import { writeKubeconfig, type Connection } from './kubeconfig.ts';

const run = promisify(execFile);
const kubectlTimeoutMs = 60_000;
const kubectlBytesMax = 64 * 2 ** 20;

/** The users of one cluster: their kubeconfigs and their clients. */
export class Clients {
  readonly #cluster: string;
  readonly #kubectl: string;
  readonly #users: ReadonlyMap<string, { readonly connection: Connection; readonly kubeconfig: string }>;
  readonly #open: HttpCluster[] = [];

  /** Writes a kubeconfig to `fileOf(user)` for each user. */
  constructor(
    cluster: string,
    kubectl: string,
    connections: ReadonlyMap<string, Connection>,
    fileOf: (user: string) => string,
  ) {
    this.#cluster = cluster;
    this.#kubectl = kubectl;
    this.#users = new Map(
      [...connections].map(([user, connection]) => {
        const kubeconfig = fileOf(user);
        writeKubeconfig(kubeconfig, user, connection);
        return [user, { connection, kubeconfig }];
      }),
    );
  }

  connection(user: string): Connection {
    return this.#user(user).connection;
  }

  kubeconfig(user: string): string {
    return this.#user(user).kubeconfig;
  }

  client(user: string): HttpCluster {
    const client = new HttpCluster(this.#cluster, this.connection(user));
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

  #user(name: string): { readonly connection: Connection; readonly kubeconfig: string } {
    const user = this.#users.get(name);
    if (user === undefined) throw new Error(`there is no user "${name}"; known: ${[...this.#users.keys()].join(', ')}`);
    return user;
  }
}
