import { findConnection } from '../../src/cluster/kubernetes/find-connection.ts';
import { applyManifests } from './apply-manifests.ts';
import { Clients } from './clients.ts';
import type { ControlPlane, ControlPlaneOptions } from './control-plane.ts';

const callTimeoutMs = 10_000;

/** Opens a cluster that somebody gave us to use up. Its only user is the one of the kubeconfig, called `admin` here. */
export async function openExistingCluster(kubeconfig: string, options: ControlPlaneOptions): Promise<ControlPlane> {
  if ((options.users ?? []).length > 0) {
    throw new Error('users can be made only in a control plane of our own: unset KUBECONFIG for this test');
  }
  const connection = await findConnection({ kubeconfig, environment: {} });
  const clients = new Clients('kubectl', new Map([['admin', { connection, kubeconfig }]]));
  try {
    const admin = clients.client('admin');
    const signal = AbortSignal.timeout(options.readyTimeoutMs ?? callTimeoutMs);
    // GET /version answers {gitVersion, …} on every API server.
    const { gitVersion } = (await admin.send({ method: 'GET', path: '/version' }, { signal })) as {
      gitVersion: string;
    };
    await applyManifests(admin, options.manifests ?? [], signal);
    return {
      kind: 'existing',
      name: 'existing',
      version: gitVersion,
      startMs: 0,
      buildMs: 0,
      connection: (user = 'admin') => clients.connection(user),
      kubeconfig: (user = 'admin') => clients.kubeconfig(user),
      cluster: (user = 'admin') => clients.client(user),
      kubectl: (words, user = 'admin') => clients.kubectl(words, user),
      stop: async () => {
        clients.close();
      },
    };
  } catch (error) {
    clients.close();
    throw error;
  }
}
