import { text, int32, int64, struct, atomicStruct, pointer, list, required } from './go-struct.ts';
import { labelSelector } from './pod-template-metadata.ts';

// Affinity, tolerations and spread constraints of core/v1 (k8s.io/api v0.34.5).

const nodeSelectorRequirement = struct({
  key: required(text),
  operator: required(text),
  values: list(text, 'atomic'),
});

const nodeSelectorTerm = atomicStruct({
  matchExpressions: list(nodeSelectorRequirement, 'atomic'),
  matchFields: list(nodeSelectorRequirement, 'atomic'),
});

const nodeSelector = atomicStruct({
  nodeSelectorTerms: required(list(nodeSelectorTerm, 'atomic')),
});

const preferredSchedulingTerm = struct({
  weight: required(int32),
  preference: required(nodeSelectorTerm),
});

const nodeAffinity = struct({
  requiredDuringSchedulingIgnoredDuringExecution: pointer(nodeSelector),
  preferredDuringSchedulingIgnoredDuringExecution: list(preferredSchedulingTerm, 'atomic'),
});

const podAffinityTerm = struct({
  labelSelector: pointer(labelSelector),
  namespaces: list(text, 'atomic'),
  topologyKey: required(text),
  namespaceSelector: pointer(labelSelector),
  matchLabelKeys: list(text, 'atomic'),
  mismatchLabelKeys: list(text, 'atomic'),
});

const weightedPodAffinityTerm = struct({
  weight: required(int32),
  podAffinityTerm: required(podAffinityTerm),
});

const podAffinity = struct({
  requiredDuringSchedulingIgnoredDuringExecution: list(podAffinityTerm, 'atomic'),
  preferredDuringSchedulingIgnoredDuringExecution: list(weightedPodAffinityTerm, 'atomic'),
});

export const affinity = struct({
  nodeAffinity: pointer(nodeAffinity),
  podAffinity: pointer(podAffinity),
  podAntiAffinity: pointer(podAffinity),
});

export const toleration = struct({
  key: text,
  operator: text,
  value: text,
  effect: text,
  tolerationSeconds: pointer(int64),
});

export const topologySpreadConstraint = struct({
  maxSkew: required(int32),
  topologyKey: required(text),
  whenUnsatisfiable: required(text),
  labelSelector: pointer(labelSelector),
  minDomains: pointer(int32),
  nodeAffinityPolicy: pointer(text),
  nodeTaintsPolicy: pointer(text),
  matchLabelKeys: list(text, 'atomic'),
});
