import {
  atomicMap,
  atomicStruct,
  listBy,
  mapOf,
  metadataType,
  openStruct,
  struct,
  type MapType,
} from './field-type.ts';

/**
 * Merge types of the built-in kinds: only what is not "a struct of structs with atomic lists" is described. Source: the
 * list and map types, and the patch merge keys, of the Kubernetes API.
 */

/** metav1.LabelSelector and core selectors are owned as a whole. */
const selectorType = atomicStruct;

const conditionsType = listBy(['type']);

const containerType = struct({
  ports: listBy(['containerPort', 'protocol'], openStruct, { protocol: 'TCP' }),
  env: listBy(['name'], struct({ valueFrom: struct({ fieldRef: atomicStruct, resourceFieldRef: atomicStruct }) })),
  volumeMounts: listBy(['mountPath']),
  volumeDevices: listBy(['devicePath']),
  resources: struct({ limits: mapOf(), requests: mapOf(), claims: listBy(['name']) }),
});

/** core/v1 PodSpec. */
const podSpecType = struct({
  containers: listBy(['name'], containerType),
  initContainers: listBy(['name'], containerType),
  ephemeralContainers: listBy(['name'], containerType),
  volumes: listBy(['name']),
  imagePullSecrets: listBy(['name'], atomicStruct),
  hostAliases: listBy(['ip']),
  topologySpreadConstraints: listBy(['topologyKey', 'whenUnsatisfiable'], struct({ labelSelector: selectorType })),
  schedulingGates: listBy(['name']),
  resourceClaims: listBy(['name']),
  nodeSelector: atomicMap,
});

const templateType = struct({ metadata: metadataType, spec: podSpecType });

function kind(spec: Parameters<typeof struct>[0], status: Parameters<typeof struct>[0] = {}): MapType {
  return struct({
    metadata: metadataType,
    spec: struct(spec),
    status: struct({ conditions: conditionsType, ...status }),
  });
}

/** Types by kind. Kinds that are not listed consist of metadata and plain content. */
export const builtinTypes: Readonly<Record<string, MapType>> = {
  Pod: struct({
    metadata: metadataType,
    spec: podSpecType,
    status: struct({ conditions: conditionsType, podIPs: listBy(['ip']) }),
  }),
  ReplicaSet: kind({ selector: selectorType, template: templateType }),
  Deployment: kind({ selector: selectorType, template: templateType }),
  Job: kind({ selector: selectorType, template: templateType }),
  PodTemplate: struct({ metadata: metadataType, template: templateType }),
  Service: kind({ selector: atomicMap, ports: listBy(['port', 'protocol'], openStruct, { protocol: 'TCP' }) }),
  PodDisruptionBudget: kind({ selector: selectorType }, { disruptedPods: mapOf() }),
  Namespace: kind({}),
  ConfigMap: struct({ metadata: metadataType, data: mapOf(), binaryData: mapOf() }),
  Secret: struct({ metadata: metadataType, data: mapOf(), stringData: mapOf() }),
  Event: struct({ metadata: metadataType, involvedObject: atomicStruct, related: atomicStruct }),
};

/** Type of a built-in kind without a description of its own. */
export const plainType: MapType = struct({ metadata: metadataType });
