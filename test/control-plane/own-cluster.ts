import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { basename, join } from 'node:path';

import { resourceTypes } from '../../src/api/resource-types.ts';
import type { ClusterConnection } from '../../src/cluster/kubernetes/connection.ts';
import type { KubernetesCluster } from '../../src/cluster/kubernetes/kubernetes-cluster.ts';
import { applyManifests, waitForDefinitions } from './apply-manifests.ts';
import type { Binaries } from './binaries.ts';
import type { Program } from './build.ts';
import type { Certificate } from './certificate.ts';
import { Clients, type Access } from './clients.ts';
import { etcdSocket, programSpec, writeCredentials, type Authority, type ClusterLayout } from './cluster-programs.ts';
import type { ControlPlaneOptions, OwnControlPlane, User } from './control-plane.ts';
import { requireFreeSpace } from './free-space.ts';
import { connectionOf, writeKubeconfig } from './kubeconfig.ts';
import { withFreePort } from './port.ts';
import { Supervisor } from './supervisor.ts';

const readyTimeoutDefaultMs = 60_000;
const callTimeoutMs = 5_000;
const clusterBytes = 256 * 2 ** 20;
/** Linux takes 107 bytes for the path of a socket. */
const socketPathLengthMax = 107;
const nodesDefault = 3;

/** Starts a control plane from its programs. */
export async function startOwnCluster(
  binaries: Binaries,
  options: ControlPlaneOptions & { readonly report: (line: string) => void },
): Promise<OwnControlPlane> {
  return await withFreePort(options.port, options.report, async (port) => {
    const begun = performance.now();
    const supervisor = await Supervisor.start(options.report);
    try {
      requireFreeSpace(supervisor.directory, clusterBytes, 'a test cluster');
      const cluster = new OwnCluster(supervisor, binaries, options, port);
      await cluster.startAll(options);
      cluster.startMs = performance.now() - begun;
      return cluster;
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
  });
}

class OwnCluster implements OwnControlPlane {
  readonly kind = 'own';
  readonly name: string;
  readonly directory: string;
  readonly buildMs: number;
  startMs = 0;
  version = '';
  readonly #supervisor: Supervisor;
  readonly #layout: ClusterLayout;
  readonly #authority: Authority;
  readonly #clients: Clients;
  readonly #admin: KubernetesCluster;
  readonly #gatewayApiFolder: string | undefined;
  #stopped: Promise<void> | undefined;

  constructor(supervisor: Supervisor, binaries: Binaries, options: ControlPlaneOptions, port: number) {
    this.#supervisor = supervisor;
    this.directory = supervisor.directory;
    this.name = basename(this.directory);
    this.buildMs = binaries.buildMs;
    this.#gatewayApiFolder = binaries.gatewayApiFolder;
    this.#layout = {
      directory: this.directory,
      binaries: binaries.directory,
      port,
      kubelet: options.kubelet ?? {},
      apiServerFlags: options.apiServerFlags ?? [],
    };
    if (Buffer.byteLength(etcdSocket(this.#layout)) > socketPathLengthMax) {
      throw new Error(`${this.directory} is too long for a socket's path: set TMPDIR to a shorter directory`);
    }
    mkdirSync(join(this.directory, 'users'));
    this.#authority = writeCredentials(this.#layout);
    this.#clients = new Clients(join(binaries.directory, 'kubectl'), this.#makeUsers(options));
    this.#admin = this.#clients.client('admin');
  }

  #makeUsers(options: ControlPlaneOptions): ReadonlyMap<string, Access> {
    const users = [{ name: 'admin', groups: ['system:masters'] }, ...(options.users ?? [])];
    const names = new Set(users.map(({ name }) => name));
    if (names.size < users.length) throw new Error('two users have the same name; "admin" is there already');
    return new Map(
      users.map(({ name, groups = [] }) => {
        if (!/^[a-z0-9][a-z0-9.-]*$/.test(name))
          throw new Error(`user "${name}" must consist of a-z, 0-9, "." and "-"`);
        const { pem, keyPem } = this.#authority.client({ commonName: name, organizations: groups });
        const server = `https://127.0.0.1:${this.#layout.port}`;
        const login = { user: name, server, authority: this.#authority.root.pem, certificate: pem, key: keyPem };
        const kubeconfig = join(this.directory, 'users', `${name}.kubeconfig`);
        writeKubeconfig(kubeconfig, login);
        return [name, { connection: connectionOf(this.name, login), kubeconfig }];
      }),
    );
  }

  async startAll(options: ControlPlaneOptions): Promise<void> {
    const signal = AbortSignal.timeout(options.readyTimeoutMs ?? readyTimeoutDefaultMs);
    await this.#spawn('etcd');
    await this.#supervisor.until(() => existsSync(etcdSocket(this.#layout)), 'etcd does not serve', signal);
    await this.#spawn('kube-apiserver');
    await this.#supervisor.until(() => this.#isHealthy(), 'the API server is not ready', signal);
    await Promise.all([this.#spawn('kube-controller-manager'), this.#spawn('simulated-kubelet')]);
    const { gitVersion } = (await this.#admin.send({ method: 'GET', path: '/version' }, { signal })) as Version;
    this.version = gitVersion;
    await applyManifests(this.#admin, [...this.#gatewayApiFiles(options), ...(options.manifests ?? [])], signal);
    const nodes = options.kubelet?.nodes ?? nodesDefault;
    await this.#supervisor.until(() => this.#canRunPods(nodes), 'the controllers or nodes are not ready', signal);
  }

  #gatewayApiFiles(options: ControlPlaneOptions): readonly string[] {
    if (options.gatewayApi !== true) return [];
    const folder = this.#gatewayApiFolder;
    if (folder === undefined) {
      throw new Error('the definitions of the Gateway API are asked for, but KUBEBUILDER_ASSETS has no folder "crds"');
    }
    return readdirSync(folder).map((name) => join(folder, name));
  }

  async #spawn(program: Program): Promise<void> {
    await this.#supervisor.spawn(programSpec(program, this.#layout, this.kubeconfig()));
  }

  async #isHealthy(): Promise<boolean> {
    const call = { signal: AbortSignal.timeout(callTimeoutMs) };
    return await this.#admin.send({ method: 'GET', path: '/readyz' }, call).then(
      () => true,
      () => false,
    );
  }

  /** Pods need a service account, which a controller makes, and nodes. */
  async #canRunPods(nodes: number): Promise<boolean> {
    const call = { signal: AbortSignal.timeout(callTimeoutMs) };
    const account = '/api/v1/namespaces/default/serviceaccounts/default';
    try {
      await this.#admin.send({ method: 'GET', path: account }, call);
      const list = (await this.#admin.send({ method: 'GET', path: '/api/v1/nodes' }, call)) as NodeList;
      const isReady = (node: NodeList['items'][number]): boolean =>
        node.spec.taints === undefined &&
        (node.status.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
      return list.items.filter(isReady).length >= nodes;
    } catch {
      return false;
    }
  }

  get processes(): ReadonlyMap<Program, number> {
    // Only programs are started by this class.
    return new Map(this.#supervisor.processes.map(({ spec, pid }) => [spec.name as Program, pid]));
  }

  connection(user = 'admin'): ClusterConnection {
    return this.#clients.connection(user);
  }

  kubeconfig(user = 'admin'): string {
    return this.#clients.kubeconfig(user);
  }

  cluster(user = 'admin'): KubernetesCluster {
    return this.#clients.client(user);
  }

  async kubectl(words: readonly string[], user = 'admin'): Promise<string> {
    return await this.#clients.kubectl(words, user);
  }

  clientCertificate({ name, groups = [] }: User, lifetimeMs: number): Certificate {
    return this.#authority.client({ commonName: name, organizations: groups }, lifetimeMs);
  }

  async kill(program: Program): Promise<void> {
    await this.#supervisor.end(program);
  }

  async start(program: Program): Promise<void> {
    if (this.processes.has(program)) throw new Error(`${program} is running already`);
    await this.#spawn(program);
    const signal = AbortSignal.timeout(readyTimeoutDefaultMs);
    await this.#supervisor.until(() => this.#isHealthy(), 'the API server is not ready', signal);
    if (program === 'kube-apiserver') await waitForDefinitions(this.#admin, signal);
  }

  async forgetHistory(): Promise<void> {
    const call = { signal: AbortSignal.timeout(callTimeoutMs) };
    const { resourceVersion } = await this.#admin.list(resourceTypes.namespace, { limit: 1 }, call);
    await this.#etcd('/v3/kv/compaction', { revision: resourceVersion, physical: true });
    await this.kill('kube-apiserver');
    await this.start('kube-apiserver');
  }

  /** A call of etcd's JSON gateway. */
  #etcd(path: string, body: object): Promise<string> {
    return new Promise((resolve, reject) => {
      const outgoing = request({
        socketPath: etcdSocket(this.#layout),
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        signal: AbortSignal.timeout(callTimeoutMs),
      });
      outgoing.once('error', reject);
      outgoing.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.once('error', reject);
        response.once('end', () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`etcd answered ${response.statusCode} to ${path}: ${text}`));
        });
      });
      outgoing.end(JSON.stringify(body));
    });
  }

  log(program: Program): string {
    const file = this.#supervisor.logFile(program);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  async stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    await this.#stopped;
  }

  async #stop(): Promise<void> {
    const failures = [...this.#supervisor.failures];
    this.#clients.close();
    // Real processes of pods are children of the kubelet, which ends them when it is asked to end.
    await this.#supervisor.end('simulated-kubelet', 'SIGTERM');
    await this.#supervisor.stop();
    if (failures.length > 0) throw new Error(`a program of the test cluster ended by itself: ${failures.join('\n')}`);
  }
}

interface Version {
  readonly gitVersion: string;
}

interface NodeList {
  readonly items: readonly {
    readonly spec: { readonly taints?: readonly unknown[] };
    readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}
