import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

import type { KubeObject } from '../../src/api/object.ts';
import { resourceTypes } from '../../src/api/resource-types.ts';
import type { KubernetesCluster } from '../../src/cluster/kubernetes/kubernetes-cluster.ts';
import { applyObject } from '../control-plane/apply-manifests.ts';
import { makeCertificate, type Certificate } from '../control-plane/certificate.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { call, isReady, type Pod } from './pods.ts';
import { waitUntil } from './wait.ts';

const serviceName = 'metrics';
const groups = ['metrics.k8s.io', 'external.metrics.k8s.io'] as const;
const version = 'v1beta1';

/**
 * What a metrics server and a metrics adapter are to a cluster: the API server forwards to it what autoscalers ask.
 * The answers are made from what a test says that there is to do.
 */
export class MetricsApi {
  /** Work of each app, by the label `app`, in millicores of CPU. Its pods that are ready share it evenly. */
  readonly cpuMillis = new Map<string, number>();
  /** Values of external metrics by name, or by the label selector that comes with it, in thousandths. */
  readonly externalMillis = new Map<string, number>();
  /** The label selectors that pods, and external metrics, were asked for by. */
  readonly selectors = new Set<string>();
  readonly #cluster: KubernetesCluster;
  readonly #namespace: string;
  readonly #authority: Certificate;
  readonly #server: Server;

  private constructor(cluster: KubernetesCluster, namespace: string) {
    this.#cluster = cluster;
    this.#namespace = namespace;
    this.#authority = makeCertificate({ commonName: 'metrics-authority' }, { kind: 'authority' });
    const names = { kind: 'server', dnsNames: [`${serviceName}.${namespace}.svc`], addresses: [] } as const;
    const { pem: cert, keyPem: key } = makeCertificate({ commonName: serviceName }, names, this.#authority);
    this.#server = createServer({ cert, key }, (request, response) => void this.#serve(request, response));
  }

  /** Listens on the loopback interface, and has the API server forward to it. */
  static async start(plane: ControlPlane, namespace: string): Promise<MetricsApi> {
    const api = new MetricsApi(plane.cluster(), namespace);
    api.#server.listen(0, '127.0.0.1');
    await once(api.#server, 'listening');
    await api.#register((api.#server.address() as AddressInfo).port);
    return api;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #register(port: number): Promise<void> {
    const signal = AbortSignal.timeout(60_000);
    await applyObject(this.#cluster, service(this.#namespace), signal);
    const caBundle = Buffer.from(this.#authority.pem).toString('base64');
    for (const group of groups) {
      const spec = { service: { name: serviceName, namespace: this.#namespace, port }, caBundle };
      await applyObject(this.#cluster, apiService(group, spec), signal);
    }
    for (const group of groups) {
      const path = `/apis/apiregistration.k8s.io/v1/apiservices/${version}.${group}`;
      await waitUntil(
        `${group} is available`,
        async () => (await this.#cluster.send({ method: 'GET', path }, call())) as ApiService,
        ({ status }) =>
          status?.conditions?.some(({ type, status: is }) => type === 'Available' && is === 'True') === true,
      );
    }
  }

  async #serve({ url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#answer(new URL(url, 'https://metrics')).catch((error: unknown) => ({
      error: String(error),
    }));
    const status = answer === undefined ? 404 : 'error' in answer ? 500 : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
  }

  async #answer({ pathname, searchParams }: URL): Promise<object | undefined> {
    const [, apis, group = '', asked, namespaces, namespace = '', name = ''] = pathname.split('/');
    if (apis !== 'apis' || asked !== version || !groups.some((known) => known === group)) return undefined;
    const groupVersion = `${group}/${version}`;
    if (namespaces === undefined) {
      return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: resourcesOf(group) };
    }
    const selector = searchParams.get('labelSelector') ?? '';
    this.selectors.add(selector);
    return group === 'metrics.k8s.io'
      ? { kind: 'PodMetricsList', apiVersion: groupVersion, items: await this.#podMetrics(namespace, selector) }
      : { kind: 'ExternalMetricValueList', apiVersion: groupVersion, items: this.#externalMetrics(name, selector) };
  }

  async #podMetrics(namespace: string, labelSelector: string): Promise<readonly object[]> {
    const { items } = await this.#cluster.list(resourceTypes.pod, { namespace, labelSelector }, call());
    const ready = items.filter((pod) => pod.metadata.deletionTimestamp === undefined && isReady(pod as Pod));
    return ready.map(({ metadata }) => {
      const app = metadata.labels?.['app'] ?? '';
      const sharing = ready.filter((other) => other.metadata.labels?.['app'] === app).length;
      const cpu = `${Math.floor((this.cpuMillis.get(app) ?? 0) / sharing)}m`;
      const containers = [{ name: 'web', usage: { cpu, memory: '1Mi' } }];
      return {
        metadata: { name: metadata.name, namespace },
        timestamp: new Date().toISOString(),
        window: '1s',
        containers,
      };
    });
  }

  #externalMetrics(metricName: string, selector: string): readonly object[] {
    const value = this.externalMillis.get(metricName) ?? this.externalMillis.get(selector);
    if (value === undefined) return [];
    return [{ metricName, metricLabels: {}, timestamp: new Date().toISOString(), value: `${value}m` }];
  }
}

interface ApiService {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Leads to this machine: the API server takes the name of such a Service as the host. */
function service(namespace: string): KubeObject {
  const spec = { type: 'ExternalName', externalName: '127.0.0.1' };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: serviceName, namespace }, spec };
}

function apiService(group: string, target: object): KubeObject {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${version}.${group}` },
    spec: { group, version, groupPriorityMinimum: 100, versionPriority: 100, ...target },
  };
}

function resourcesOf(group: string): readonly object[] {
  if (group !== 'metrics.k8s.io') return [];
  return [{ name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] }];
}
