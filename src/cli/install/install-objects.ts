import { customResourceDefinitions } from '../../api/crd.ts';
import type { KubeObject } from '../../api/object.ts';
import { neverAsked } from '../../controller/http-policy.ts';
import {
  accessObjects,
  aggregateRoles,
  installLabels,
  installName,
  object,
  type InstallScope,
} from './access-objects.ts';

/** What is installed, and where. */
export interface InstallOptions {
  readonly scope: InstallScope;
  /** Where the controller runs. */
  readonly namespace: string;
  /** What it looks after with the scope `namespace`; its own namespace unless given. */
  readonly namespaces?: readonly string[];
  /** Image of the controller. */
  readonly image: string;
}

/** A file of the installation. */
export interface InstallFile {
  /** Without folder. */
  readonly name: string;
  readonly objects: readonly KubeObject[];
}

/** Ports of the container, as the settings have them by default. */
const ports = { metrics: 8090, health: 8080 } as const;
/** The user of the image, who is nobody else. */
const userId = 65_532;

/**
 * Everything that a cluster needs to run the controller, one file for each purpose. With the scope `namespace`, kinds
 * and roles of the whole cluster are left out: they must be there already.
 */
export function installFiles({ scope, namespace, namespaces = [], image }: InstallOptions): readonly InstallFile[] {
  const watched = namespaces.length === 0 ? [namespace] : namespaces;
  const named = namespaces.length === 0 ? '$(POD_NAMESPACE)' : namespaces.join(',');
  const flags = scope === 'cluster' ? [] : [`--namespace=${named}`];
  const shared = [
    { name: 'access.yaml', objects: accessObjects(scope, namespace, watched) },
    { name: 'controller.yaml', objects: [deployment(namespace, image, flags), disruptionBudget(namespace)] },
    { name: 'network.yaml', objects: [metricsService(namespace), networkPolicy(namespace)] },
  ];
  if (scope === 'namespace') return shared;
  return [
    { name: 'crds.yaml', objects: customResourceDefinitions.map((definition) => ({ ...definition })) },
    { name: 'namespace.yaml', objects: [restrictedNamespace(namespace)] },
    ...shared,
    { name: 'aggregate-roles.yaml', objects: aggregateRoles() },
  ];
}

function restrictedNamespace(namespace: string): KubeObject {
  return object('v1', 'Namespace', { name: namespace }, { 'pod-security.kubernetes.io/enforce': 'restricted' });
}

/** Two pods: one leads, one takes over within a second when the other ends. */
function deployment(namespace: string, image: string, flags: readonly string[]): KubeObject {
  return {
    ...object('apps/v1', 'Deployment', { name: installName, namespace }),
    spec: {
      replicas: 2,
      revisionHistoryLimit: 3,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: installLabels },
      template: { metadata: { labels: installLabels }, spec: podSpec(image, flags) },
    },
  };
}

function podSpec(image: string, flags: readonly string[]): object {
  const probe = (path: string): object => ({ httpGet: { path, port: 'health' }, timeoutSeconds: 5 });
  return {
    serviceAccountName: installName,
    terminationGracePeriodSeconds: 10,
    securityContext: { runAsNonRoot: true, runAsUser: userId, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'controller',
        image,
        args: ['controller', ...flags],
        env: [{ name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }],
        ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort })),
        livenessProbe: { ...probe('/healthz'), periodSeconds: 20, failureThreshold: 3 },
        readinessProbe: { ...probe('/readyz'), periodSeconds: 5 },
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: installLabels },
      },
    ],
  };
}

function disruptionBudget(namespace: string): KubeObject {
  return {
    ...object('policy/v1', 'PodDisruptionBudget', { name: installName, namespace }),
    spec: { minAvailable: 1, selector: { matchLabels: installLabels } },
  };
}

function metricsService(namespace: string): KubeObject {
  return {
    ...object('v1', 'Service', { name: `${installName}-metrics`, namespace }),
    spec: { selector: installLabels, ports: [{ name: 'metrics', port: ports.metrics, targetPort: 'metrics' }] },
  };
}

/** Ports on which API servers listen. */
const apiServerPorts = [443, 6443] as const;

/**
 * Nobody needs to reach the controller but who reads metrics and the probes of the node, which no policy stops. It
 * itself reaches, in this order: names, wherever they are served; the API server, whose address no policy can name; and
 * what metrics, notifications and plug-ins ask, which is any host but those at which clouds tell secrets.
 */
function networkPolicy(namespace: string): KubeObject {
  return {
    ...object('networking.k8s.io/v1', 'NetworkPolicy', { name: installName, namespace }),
    spec: {
      podSelector: { matchLabels: installLabels },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ ports: [{ port: ports.metrics, protocol: 'TCP' }] }],
      egress: [
        { ports: (['UDP', 'TCP'] as const).map((protocol) => ({ port: 53, protocol })) },
        { ports: apiServerPorts.map((port) => ({ port, protocol: 'TCP' })) },
        { to: [{ namespaceSelector: {} }, openAddresses('0.0.0.0/0', 'ipv4'), openAddresses('::/0', 'ipv6')] },
      ],
    },
  };
}

/** All addresses of a family that requests of the controller may go to. */
function openAddresses(cidr: string, wanted: 'ipv4' | 'ipv6'): object {
  const subnets = neverAsked.filter(([, , family]) => family === wanted);
  return { ipBlock: { cidr, except: subnets.map(([address, prefix]) => `${address}/${prefix}`) } };
}
