import {
  text,
  flag,
  int64,
  time,
  raw,
  struct,
  atomicStruct,
  pointer,
  list,
  mapOf,
  required,
  withDefault,
} from './go-struct.ts';

// Metadata and the small references that several parts of a pod template share.

const ownerReference = struct({
  apiVersion: required(text),
  kind: required(text),
  name: required(text),
  uid: required(text),
  controller: pointer(flag),
  blockOwnerDeletion: pointer(flag),
});

const managedFieldsEntry = struct({
  manager: text,
  operation: text,
  apiVersion: text,
  time: pointer(time),
  fieldsType: text,
  fieldsV1: pointer(raw),
  subresource: text,
});

export const objectMeta = struct({
  name: text,
  generateName: text,
  namespace: text,
  selfLink: text,
  uid: text,
  resourceVersion: text,
  generation: int64,
  creationTimestamp: time,
  deletionTimestamp: pointer(time),
  deletionGracePeriodSeconds: pointer(int64),
  labels: mapOf(text),
  annotations: mapOf(text),
  ownerReferences: list(ownerReference),
  finalizers: list(text),
  managedFields: list(managedFieldsEntry),
});

const labelSelectorRequirement = struct({
  key: required(text),
  operator: required(text),
  values: list(text, 'atomic'),
});

export const labelSelector = atomicStruct({
  matchLabels: mapOf(text),
  matchExpressions: list(labelSelectorRequirement, 'atomic'),
});

export const localObjectReferenceFields = {
  name: withDefault(text, ''),
};

export const localObjectReference = atomicStruct(localObjectReferenceFields);
