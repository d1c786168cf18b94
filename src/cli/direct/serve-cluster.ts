import type { Clock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import { createMemoryJournal } from '../../controller/journal.ts';
import { credentialOf, makeToken } from '../../server/credential.ts';
import { startServer } from '../../server/start-server.ts';
import type { ApiAccess } from '../access.ts';

/** What a cluster is served with. */
export interface ServeClusterOptions {
  readonly cluster: ClusterPort;
  readonly clock: Clock;
  /** Who gives the commands. */
  readonly user: string;
  readonly version: string;
}

/** The API in front of a cluster, for as long as one call of the tool takes. */
export interface ServedCluster {
  readonly access: ApiAccess;
  close(): Promise<void>;
}

/**
 * Serves the API in front of a cluster to this process alone: on the loopback, with a token that nobody else knows. So
 * every command does the same to any cluster as through the API of a Sluice that runs. What may be done is decided by
 * the rights that the user has in the cluster.
 */
export async function serveCluster({ cluster, clock, user, version }: ServeClusterOptions): Promise<ServedCluster> {
  const token = makeToken();
  const server = await startServer(
    {
      cluster,
      clock,
      version,
      journal: createMemoryJournal(),
      log: silentLog,
      credentials: [credentialOf(token, { name: user, role: 'operator' })],
    },
    { port: 0 },
  );
  return { access: { url: server.url, token }, close: () => server.close() };
}
