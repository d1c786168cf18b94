import type { ResourceType } from './object.ts';

const argo = { group: 'argoproj.io', version: 'v1alpha1', namespaced: true } as const;
const core = { group: '', version: 'v1', namespaced: true } as const;
const apps = { group: 'apps', version: 'v1', namespaced: true } as const;
const gateway = { group: 'gateway.networking.k8s.io', version: 'v1', namespaced: true } as const;

/** Every resource type that Sluice itself reads or writes. */
export const resourceTypes = {
  rollout: { ...argo, kind: 'Rollout', plural: 'rollouts' },
  analysisRun: { ...argo, kind: 'AnalysisRun', plural: 'analysisruns' },
  analysisTemplate: { ...argo, kind: 'AnalysisTemplate', plural: 'analysistemplates' },
  clusterAnalysisTemplate: {
    ...argo,
    kind: 'ClusterAnalysisTemplate',
    plural: 'clusteranalysistemplates',
    namespaced: false,
  },
  experiment: { ...argo, kind: 'Experiment', plural: 'experiments' },
  namespace: { ...core, kind: 'Namespace', plural: 'namespaces', namespaced: false },
  pod: { ...core, kind: 'Pod', plural: 'pods' },
  service: { ...core, kind: 'Service', plural: 'services' },
  secret: { ...core, kind: 'Secret', plural: 'secrets' },
  configMap: { ...core, kind: 'ConfigMap', plural: 'configmaps' },
  event: { ...core, kind: 'Event', plural: 'events' },
  podTemplate: { ...core, kind: 'PodTemplate', plural: 'podtemplates' },
  replicaSet: { ...apps, kind: 'ReplicaSet', plural: 'replicasets' },
  deployment: { ...apps, kind: 'Deployment', plural: 'deployments' },
  job: { group: 'batch', version: 'v1', kind: 'Job', plural: 'jobs', namespaced: true },
  endpointSlice: {
    group: 'discovery.k8s.io',
    version: 'v1',
    kind: 'EndpointSlice',
    plural: 'endpointslices',
    namespaced: true,
  },
  podDisruptionBudget: {
    group: 'policy',
    version: 'v1',
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    namespaced: true,
  },
  lease: { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true },
  ingress: { group: 'networking.k8s.io', version: 'v1', kind: 'Ingress', plural: 'ingresses', namespaced: true },
  gateway: { ...gateway, kind: 'Gateway', plural: 'gateways' },
  gatewayClass: { ...gateway, kind: 'GatewayClass', plural: 'gatewayclasses', namespaced: false },
  httpRoute: { ...gateway, kind: 'HTTPRoute', plural: 'httproutes' },
  grpcRoute: { ...gateway, kind: 'GRPCRoute', plural: 'grpcroutes' },
} as const satisfies Record<string, ResourceType>;
