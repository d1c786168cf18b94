import { isPodFinished, isPodReady, isPodTerminating } from './pod-facts.ts';
import type { ContainerPort, Endpoint, EndpointPort, Pod, Service, ServicePort } from './shapes.ts';

/** Endpoints that listen on the same ports, which is what one EndpointSlice can hold. */
export interface EndpointGroup {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/**
 * What stands behind a Service: every pod that its selector matches, has an address and is not finished. `ready` is
 * for new requests; `serving` is the pod's own readiness, also while it terminates. Named target ports are looked up
 * in each pod, so pods of different revisions may differ. Groups and endpoints come in a stable order.
 */
export function serviceEndpoints(service: Service, pods: readonly Pod[]): readonly EndpointGroup[] {
  const groups = new Map<string, { ports: readonly EndpointPort[]; endpoints: Endpoint[] }>();
  const servicePorts = service.spec?.ports ?? [];
  const usable = pods.filter(
    (pod) => pod.status?.podIP !== undefined && pod.status.podIP !== '' && !isPodFinished(pod),
  );
  for (const pod of usable.toSorted((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1))) {
    const ports = servicePorts.flatMap((port) => endpointPort(port, pod));
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    group.endpoints.push(endpointOf(pod, service.spec?.publishNotReadyAddresses === true));
  }
  return [...groups.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, group]) => group);
}

function endpointOf(pod: Pod, publishNotReady: boolean): Endpoint {
  const { name, namespace, uid } = pod.metadata;
  const serving = isPodReady(pod);
  const terminating = isPodTerminating(pod);
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: { ready: publishNotReady || (serving && !terminating), serving, terminating },
    ...(pod.spec?.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: {
      kind: 'Pod',
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    },
  };
}

/** The port of a Service as it is in one pod; none when the pod has no port of the wanted name. */
function endpointPort(servicePort: ServicePort, pod: Pod): readonly EndpointPort[] {
  const { name = '', protocol = 'TCP', targetPort = servicePort.port, appProtocol } = servicePort;
  const port = typeof targetPort === 'number' ? targetPort : podPort(pod, targetPort, protocol);
  if (port === undefined) return [];
  return [{ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
}

function podPort(pod: Pod, name: string, protocol: string): number | undefined {
  // Sidecars are init containers that go on running; their ports count too.
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const isWanted = (port: ContainerPort): boolean => port.name === name && (port.protocol ?? 'TCP') === protocol;
  for (const { ports = [] } of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const found = ports.find(isWanted);
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}
