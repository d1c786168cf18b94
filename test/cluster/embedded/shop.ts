import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { ResourceType } from '../../../src/api/object.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { createEmbeddedCluster } from '../../../src/cluster/embedded/embedded-cluster.ts';
import type { HttpRoute } from '../../../src/cluster/embedded/gateway/http-route.ts';
import {
  startLocalGateway,
  type LocalGateway,
  type LocalGatewayOptions,
} from '../../../src/cluster/embedded/gateway/local-gateway.ts';
import type { RequestRecord } from '../../../src/cluster/embedded/gateway/request-record.ts';

export const call = { signal: new AbortController().signal };

/** A namespace with a gateway in front of Services whose pods are HTTP servers of this process. */
export class Shop {
  readonly cluster = createEmbeddedCluster({
    clock: systemClock,
    random: seededRandom(1),
    resources: [{ type: resourceTypes.httpRoute, subresources: { status: {} } }],
    freeze: true,
  });
  readonly records: RequestRecord[] = [];
  readonly #closers: (() => Promise<unknown>)[] = [];
  #gateway: LocalGateway | undefined;

  get gateway(): LocalGateway {
    return this.#gateway!;
  }

  /** Starts the gateway. */
  async open(options: Partial<LocalGatewayOptions> = {}): Promise<void> {
    this.#gateway = await startLocalGateway({
      cluster: this.cluster,
      clock: systemClock,
      random: seededRandom(1),
      listen: { host: '127.0.0.1', port: 0 },
      gateway: { name: 'public' },
      onRequest: (record) => this.records.push(record),
      log: silentLog,
      ...options,
    });
    this.#closers.unshift(() => this.gateway.stop(200));
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
    this.cluster.close();
  }

  /** A server on a free port of an own loopback address, as a pod of this revision. */
  async pod(name: string, address: string, answer: RequestListener, revision = name): Promise<Backend> {
    const server = http.createServer(answer);
    return this.serverPod(name, address, server, revision);
  }

  async serverPod(name: string, address: string, server: http.Server, revision = name): Promise<Backend> {
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    this.#closers.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const { port } = server.address() as AddressInfo;
    const pod = await this.cluster.create(
      resourceTypes.pod,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'shop', labels: { app: name, 'rollouts-pod-template-hash': revision } },
        spec: {
          nodeName: 'here',
          containers: [{ name: 'main', image: 'test', ports: [{ name: 'http', containerPort: port }] }],
        },
      },
      {},
      call,
    );
    const status = { phase: 'Running', podIP: address, conditions: [{ type: 'Ready', status: 'True' }] };
    await this.patchStatus(resourceTypes.pod, name, status);
    return { name, address, port, server, uid: pod.metadata.uid! };
  }

  /** A Service on port 80 with one slice of these pods. Without pods the slice is empty. */
  async service(name: string, pods: readonly Backend[], selector: Readonly<Record<string, string>> = { app: name }) {
    await this.cluster.create(
      resourceTypes.service,
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace: 'shop' },
        spec: { selector, ports: [{ port: 80, targetPort: 'http' }] },
      },
      {},
      call,
    );
    await this.slice(name, pods);
  }

  async slice(name: string, pods: readonly Backend[]): Promise<void> {
    const at = { type: resourceTypes.endpointSlice, namespace: 'shop', name: `${name}-1` };
    const body = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: at.name, namespace: 'shop', labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: '', port: pods[0]?.port ?? 1 }],
      endpoints: pods.map((pod) => ({
        addresses: [pod.address],
        conditions: { ready: true },
        targetRef: { kind: 'Pod', name: pod.name, uid: pod.uid },
      })),
    };
    try {
      await this.cluster.patch(at, { kind: 'merge', body }, {}, call);
    } catch {
      await this.cluster.create(at.type, body, {}, call);
    }
  }

  /** Creates or replaces the rules of the one route. */
  async route(rules: NonNullable<HttpRoute['spec']>['rules'], name = 'shop'): Promise<void> {
    const at = { type: resourceTypes.httpRoute, namespace: 'shop', name };
    try {
      await this.cluster.patch(at, { kind: 'merge', body: { spec: { rules } } }, {}, call);
    } catch {
      await this.cluster.create(
        at.type,
        {
          apiVersion: 'gateway.networking.k8s.io/v1',
          kind: 'HTTPRoute',
          metadata: { name, namespace: 'shop' },
          spec: { parentRefs: [{ name: 'public' }], rules },
        },
        {},
        call,
      );
    }
  }

  async routeStatus(name = 'shop'): Promise<NonNullable<HttpRoute['status']>> {
    const at = { type: resourceTypes.httpRoute, namespace: 'shop', name };
    const route: HttpRoute = await this.cluster.get(at, call);
    return route.status ?? {};
  }

  async patchStatus(type: ResourceType, name: string, status: object): Promise<void> {
    const patch = { kind: 'merge', body: { status } } as const;
    await this.cluster.patch({ type, namespace: 'shop', name }, patch, { subresource: 'status' }, call);
  }

  /** One request on a connection of its own, or of the given agent. */
  get(
    path = '/',
    options: { method?: string; headers?: Record<string, string>; body?: string; agent?: http.Agent } = {},
  ): Promise<{ status: number; headers: IncomingMessage['headers']; body: string }> {
    return new Promise((resolve, reject) => {
      const { body, ...rest } = options;
      const request = http.request(this.gateway.url + path, { agent: false, ...rest }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, body: text }));
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}

export interface Backend {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly server: http.Server;
  readonly uid: string;
}

/** Answers with its own name. */
export function says(text: string): RequestListener {
  return (_request: IncomingMessage, response: ServerResponse) => {
    response.end(text);
  };
}

/** Waits until the condition holds, looking again every few milliseconds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`did not come true in 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
