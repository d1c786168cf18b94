import { text, flag, int32, int64, quantity, struct, pointer, list, mapOf, required, withSchema } from './go-struct.ts';
import { container, ephemeralContainer, resourceRequirements, anything } from './pod-template-container.ts';
import { localObjectReference } from './pod-template-metadata.ts';
import { affinity, toleration, topologySpreadConstraint } from './pod-template-scheduling.ts';
import { podSecurityContext } from './pod-template-security.ts';
import { volume } from './pod-template-volume.ts';

// PodSpec of core/v1 (k8s.io/api v0.34.5).

const hostAlias = struct({
  ip: required(text),
  hostnames: list(text, 'atomic'),
});

const podDNSConfigOption = struct({
  name: text,
  value: pointer(text),
});

const podDNSConfig = struct({
  nameservers: list(text, 'atomic'),
  searches: list(text, 'atomic'),
  options: list(podDNSConfigOption, 'atomic'),
});

const podReadinessGate = struct({
  conditionType: required(text),
});

const podOS = struct({
  name: required(text),
});

const podSchedulingGate = struct({
  name: required(text),
});

const podResourceClaim = struct({
  name: required(text),
  resourceClaimName: pointer(text),
  resourceClaimTemplateName: pointer(text),
});

export const podSpec = struct({
  volumes: withSchema(list(volume), anything),
  initContainers: list(container, ['name']),
  containers: required(list(container, ['name'])),
  ephemeralContainers: list(ephemeralContainer, ['name']),
  restartPolicy: text,
  terminationGracePeriodSeconds: pointer(int64),
  activeDeadlineSeconds: pointer(int64),
  dnsPolicy: text,
  nodeSelector: mapOf(text, true),
  serviceAccountName: text,
  serviceAccount: text,
  automountServiceAccountToken: pointer(flag),
  nodeName: text,
  hostNetwork: flag,
  hostPID: flag,
  hostIPC: flag,
  shareProcessNamespace: pointer(flag),
  securityContext: pointer(podSecurityContext),
  imagePullSecrets: list(localObjectReference, ['name']),
  hostname: text,
  subdomain: text,
  affinity: pointer(affinity),
  schedulerName: text,
  tolerations: list(toleration, 'atomic'),
  hostAliases: list(hostAlias, ['ip']),
  priorityClassName: text,
  priority: pointer(int32),
  dnsConfig: pointer(podDNSConfig),
  readinessGates: list(podReadinessGate, 'atomic'),
  runtimeClassName: pointer(text),
  enableServiceLinks: pointer(flag),
  preemptionPolicy: pointer(text),
  overhead: mapOf(quantity),
  topologySpreadConstraints: list(topologySpreadConstraint, ['topologyKey', 'whenUnsatisfiable']),
  setHostnameAsFQDN: pointer(flag),
  os: pointer(podOS),
  hostUsers: pointer(flag),
  schedulingGates: list(podSchedulingGate, ['name']),
  resourceClaims: list(podResourceClaim, ['name']),
  resources: pointer(resourceRequirements),
  hostnameOverride: pointer(text),
});
