import { text, flag, int32, int64, quantity, struct, pointer, list, mapOf, required } from './go-struct.ts';
import { objectFieldSelector, resourceFieldSelector } from './pod-template-container.ts';
import {
  labelSelector,
  localObjectReference,
  localObjectReferenceFields,
  objectMeta,
} from './pod-template-metadata.ts';

// Volumes of core/v1 (k8s.io/api v0.34.5). A Rollout's schema takes any volumes, so nothing here but names, types and
// omitempty has a meaning.

const hostPathVolumeSource = struct({
  path: required(text),
  type: pointer(text),
});

const emptyDirVolumeSource = struct({
  medium: text,
  sizeLimit: pointer(quantity),
});

const gcePersistentDiskVolumeSource = struct({
  pdName: required(text),
  fsType: text,
  partition: int32,
  readOnly: flag,
});

const awsElasticBlockStoreVolumeSource = struct({
  volumeID: required(text),
  fsType: text,
  partition: int32,
  readOnly: flag,
});

const gitRepoVolumeSource = struct({
  repository: required(text),
  revision: text,
  directory: text,
});

const keyToPath = struct({
  key: required(text),
  path: required(text),
  mode: pointer(int32),
});

const secretVolumeSource = struct({
  secretName: text,
  items: list(keyToPath),
  defaultMode: pointer(int32),
  optional: pointer(flag),
});

const nfsVolumeSource = struct({
  server: required(text),
  path: required(text),
  readOnly: flag,
});

const iscsiVolumeSource = struct({
  targetPortal: required(text),
  iqn: required(text),
  lun: required(int32),
  iscsiInterface: text,
  fsType: text,
  readOnly: flag,
  portals: list(text),
  chapAuthDiscovery: flag,
  chapAuthSession: flag,
  secretRef: pointer(localObjectReference),
  initiatorName: pointer(text),
});

const glusterfsVolumeSource = struct({
  endpoints: required(text),
  path: required(text),
  readOnly: flag,
});

const persistentVolumeClaimVolumeSource = struct({
  claimName: required(text),
  readOnly: flag,
});

const rbdVolumeSource = struct({
  monitors: required(list(text)),
  image: required(text),
  fsType: text,
  pool: text,
  user: text,
  keyring: text,
  secretRef: pointer(localObjectReference),
  readOnly: flag,
});

const flexVolumeSource = struct({
  driver: required(text),
  fsType: text,
  secretRef: pointer(localObjectReference),
  readOnly: flag,
  options: mapOf(text),
});

const cinderVolumeSource = struct({
  volumeID: required(text),
  fsType: text,
  readOnly: flag,
  secretRef: pointer(localObjectReference),
});

const cephFSVolumeSource = struct({
  monitors: required(list(text)),
  path: text,
  user: text,
  secretFile: text,
  secretRef: pointer(localObjectReference),
  readOnly: flag,
});

const flockerVolumeSource = struct({
  datasetName: text,
  datasetUUID: text,
});

const downwardAPIVolumeFile = struct({
  path: required(text),
  fieldRef: pointer(objectFieldSelector),
  resourceFieldRef: pointer(resourceFieldSelector),
  mode: pointer(int32),
});

const downwardAPIVolumeSource = struct({
  items: list(downwardAPIVolumeFile),
  defaultMode: pointer(int32),
});

const fcVolumeSource = struct({
  targetWWNs: list(text),
  lun: pointer(int32),
  fsType: text,
  readOnly: flag,
  wwids: list(text),
});

const azureFileVolumeSource = struct({
  secretName: required(text),
  shareName: required(text),
  readOnly: flag,
});

const configMapVolumeSource = struct({
  ...localObjectReferenceFields,
  items: list(keyToPath),
  defaultMode: pointer(int32),
  optional: pointer(flag),
});

const vsphereVirtualDiskVolumeSource = struct({
  volumePath: required(text),
  fsType: text,
  storagePolicyName: text,
  storagePolicyID: text,
});

const quobyteVolumeSource = struct({
  registry: required(text),
  volume: required(text),
  readOnly: flag,
  user: text,
  group: text,
  tenant: text,
});

const azureDiskVolumeSource = struct({
  diskName: required(text),
  diskURI: required(text),
  cachingMode: pointer(text),
  fsType: pointer(text),
  readOnly: pointer(flag),
  kind: pointer(text),
});

const photonPersistentDiskVolumeSource = struct({
  pdID: required(text),
  fsType: text,
});

const secretProjection = struct({
  ...localObjectReferenceFields,
  items: list(keyToPath),
  optional: pointer(flag),
});

const downwardAPIProjection = struct({
  items: list(downwardAPIVolumeFile),
});

const configMapProjection = struct({
  ...localObjectReferenceFields,
  items: list(keyToPath),
  optional: pointer(flag),
});

const serviceAccountTokenProjection = struct({
  audience: text,
  expirationSeconds: pointer(int64),
  path: required(text),
});

const clusterTrustBundleProjection = struct({
  name: pointer(text),
  signerName: pointer(text),
  labelSelector: pointer(labelSelector),
  optional: pointer(flag),
  path: required(text),
});

const podCertificateProjection = struct({
  signerName: text,
  keyType: text,
  maxExpirationSeconds: pointer(int32),
  credentialBundlePath: text,
  keyPath: text,
  certificateChainPath: text,
});

const volumeProjection = struct({
  secret: pointer(secretProjection),
  downwardAPI: pointer(downwardAPIProjection),
  configMap: pointer(configMapProjection),
  serviceAccountToken: pointer(serviceAccountTokenProjection),
  clusterTrustBundle: pointer(clusterTrustBundleProjection),
  podCertificate: pointer(podCertificateProjection),
});

const projectedVolumeSource = struct({
  sources: required(list(volumeProjection)),
  defaultMode: pointer(int32),
});

const portworxVolumeSource = struct({
  volumeID: required(text),
  fsType: text,
  readOnly: flag,
});

const scaleIOVolumeSource = struct({
  gateway: required(text),
  system: required(text),
  secretRef: required(pointer(localObjectReference)),
  sslEnabled: flag,
  protectionDomain: text,
  storagePool: text,
  storageMode: text,
  volumeName: text,
  fsType: text,
  readOnly: flag,
});

const storageOSVolumeSource = struct({
  volumeName: text,
  volumeNamespace: text,
  fsType: text,
  readOnly: flag,
  secretRef: pointer(localObjectReference),
});

const csiVolumeSource = struct({
  driver: required(text),
  readOnly: pointer(flag),
  fsType: pointer(text),
  volumeAttributes: mapOf(text),
  nodePublishSecretRef: pointer(localObjectReference),
});

const volumeResourceRequirements = struct({
  limits: mapOf(quantity),
  requests: mapOf(quantity),
});

const typedLocalObjectReference = struct({
  apiGroup: required(pointer(text)),
  kind: required(text),
  name: required(text),
});

const typedObjectReference = struct({
  apiGroup: required(pointer(text)),
  kind: required(text),
  name: required(text),
  namespace: pointer(text),
});

const persistentVolumeClaimSpec = struct({
  accessModes: list(text),
  selector: pointer(labelSelector),
  resources: volumeResourceRequirements,
  volumeName: text,
  storageClassName: pointer(text),
  volumeMode: pointer(text),
  dataSource: pointer(typedLocalObjectReference),
  dataSourceRef: pointer(typedObjectReference),
  volumeAttributesClassName: pointer(text),
});

const persistentVolumeClaimTemplate = struct({
  metadata: objectMeta,
  spec: required(persistentVolumeClaimSpec),
});

const ephemeralVolumeSource = struct({
  volumeClaimTemplate: pointer(persistentVolumeClaimTemplate),
});

const imageVolumeSource = struct({
  reference: text,
  pullPolicy: text,
});

const volumeSourceFields = {
  hostPath: pointer(hostPathVolumeSource),
  emptyDir: pointer(emptyDirVolumeSource),
  gcePersistentDisk: pointer(gcePersistentDiskVolumeSource),
  awsElasticBlockStore: pointer(awsElasticBlockStoreVolumeSource),
  gitRepo: pointer(gitRepoVolumeSource),
  secret: pointer(secretVolumeSource),
  nfs: pointer(nfsVolumeSource),
  iscsi: pointer(iscsiVolumeSource),
  glusterfs: pointer(glusterfsVolumeSource),
  persistentVolumeClaim: pointer(persistentVolumeClaimVolumeSource),
  rbd: pointer(rbdVolumeSource),
  flexVolume: pointer(flexVolumeSource),
  cinder: pointer(cinderVolumeSource),
  cephfs: pointer(cephFSVolumeSource),
  flocker: pointer(flockerVolumeSource),
  downwardAPI: pointer(downwardAPIVolumeSource),
  fc: pointer(fcVolumeSource),
  azureFile: pointer(azureFileVolumeSource),
  configMap: pointer(configMapVolumeSource),
  vsphereVolume: pointer(vsphereVirtualDiskVolumeSource),
  quobyte: pointer(quobyteVolumeSource),
  azureDisk: pointer(azureDiskVolumeSource),
  photonPersistentDisk: pointer(photonPersistentDiskVolumeSource),
  projected: pointer(projectedVolumeSource),
  portworxVolume: pointer(portworxVolumeSource),
  scaleIO: pointer(scaleIOVolumeSource),
  storageos: pointer(storageOSVolumeSource),
  csi: pointer(csiVolumeSource),
  ephemeral: pointer(ephemeralVolumeSource),
  image: pointer(imageVolumeSource),
};

export const volume = struct({
  name: required(text),
  ...volumeSourceFields,
});
