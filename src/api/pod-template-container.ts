import {
  text,
  flag,
  int32,
  int64,
  quantity,
  intOrString,
  struct,
  atomicStruct,
  pointer,
  list,
  mapOf,
  required,
  printedEmpty,
  demanded,
  withDefault,
  withSchema,
} from './go-struct.ts';
import { localObjectReferenceFields } from './pod-template-metadata.ts';
import { securityContext } from './pod-template-security.ts';
import type { StructuralSchema } from './structural.ts';

// Containers of core/v1: fields in the order of the Go structs of k8s.io/api v0.34.5, facts of its types.go.

/** The schema that takes anything. */
export const anything: StructuralSchema = { 'x-kubernetes-preserve-unknown-fields': true };

const containerPort = struct({
  name: text,
  hostPort: int32,
  containerPort: required(int32),
  protocol: withDefault(text, 'TCP'),
  hostIP: text,
});

const configMapEnvSource = atomicStruct({
  ...localObjectReferenceFields,
  optional: pointer(flag),
});

const secretEnvSource = atomicStruct({
  ...localObjectReferenceFields,
  optional: pointer(flag),
});

const envFromSource = struct({
  prefix: text,
  configMapRef: pointer(configMapEnvSource),
  secretRef: pointer(secretEnvSource),
});

export const objectFieldSelector = atomicStruct({
  apiVersion: text,
  fieldPath: required(text),
});

export const resourceFieldSelector = atomicStruct({
  containerName: text,
  resource: required(text),
  divisor: quantity,
});

const configMapKeySelector = atomicStruct({
  ...localObjectReferenceFields,
  key: required(text),
  optional: pointer(flag),
});

const secretKeySelector = atomicStruct({
  ...localObjectReferenceFields,
  key: required(text),
  optional: pointer(flag),
});

const fileKeySelector = atomicStruct({
  volumeName: required(text),
  path: required(text),
  key: required(text),
  optional: withDefault(pointer(flag), false),
});

const envVarSource = struct({
  fieldRef: pointer(objectFieldSelector),
  resourceFieldRef: pointer(resourceFieldSelector),
  configMapKeyRef: pointer(configMapKeySelector),
  secretKeyRef: pointer(secretKeySelector),
  fileKeyRef: pointer(fileKeySelector),
});

const envVar = struct({
  name: required(text),
  value: text,
  valueFrom: pointer(envVarSource),
});

const resourceClaim = struct({
  name: required(text),
  request: text,
});

export const resourceRequirements = struct({
  limits: mapOf(quantity),
  requests: mapOf(quantity),
  claims: list(resourceClaim, ['name']),
});

/** As the container's: the schema takes any limits and requests there, so that a bad quantity passes it. */
const containerResources = struct({
  limits: withSchema(mapOf(quantity), anything),
  requests: withSchema(mapOf(quantity), anything),
  claims: list(resourceClaim, ['name']),
});

const containerResizePolicy = struct({
  resourceName: required(text),
  restartPolicy: required(text),
});

const containerRestartRuleOnExitCodes = struct({
  operator: demanded(text),
  values: list(int32, 'set'),
});

const containerRestartRule = struct({
  action: demanded(text),
  exitCodes: pointer(containerRestartRuleOnExitCodes),
});

const volumeMount = struct({
  name: required(text),
  readOnly: flag,
  recursiveReadOnly: pointer(text),
  mountPath: required(text),
  subPath: text,
  mountPropagation: pointer(text),
  subPathExpr: text,
});

const volumeDevice = struct({
  name: required(text),
  devicePath: required(text),
});

const execAction = struct({
  command: list(text, 'atomic'),
});

const httpHeader = struct({
  name: required(text),
  value: required(text),
});

const httpGetAction = struct({
  path: text,
  port: required(intOrString),
  host: text,
  scheme: text,
  httpHeaders: list(httpHeader, 'atomic'),
});

const tcpSocketAction = struct({
  port: required(intOrString),
  host: text,
});

const grpcAction = struct({
  port: required(int32),
  service: withDefault(printedEmpty(pointer(text)), ''),
});

const probeHandlerFields = {
  exec: pointer(execAction),
  httpGet: pointer(httpGetAction),
  tcpSocket: pointer(tcpSocketAction),
  grpc: pointer(grpcAction),
};

const probe = struct({
  ...probeHandlerFields,
  initialDelaySeconds: int32,
  timeoutSeconds: int32,
  periodSeconds: int32,
  successThreshold: int32,
  failureThreshold: int32,
  terminationGracePeriodSeconds: pointer(int64),
});

const sleepAction = struct({
  seconds: required(int64),
});

const lifecycleHandler = struct({
  exec: pointer(execAction),
  httpGet: pointer(httpGetAction),
  tcpSocket: pointer(tcpSocketAction),
  sleep: pointer(sleepAction),
});

const lifecycle = struct({
  postStart: pointer(lifecycleHandler),
  preStop: pointer(lifecycleHandler),
  stopSignal: pointer(text),
});

const containerFields = {
  name: required(text),
  image: text,
  command: list(text, 'atomic'),
  args: list(text, 'atomic'),
  workingDir: text,
  ports: list(containerPort, ['containerPort', 'protocol']),
  envFrom: list(envFromSource, 'atomic'),
  env: list(envVar, ['name']),
  resources: containerResources,
  resizePolicy: list(containerResizePolicy, 'atomic'),
  restartPolicy: pointer(text),
  restartPolicyRules: list(containerRestartRule, 'atomic'),
  volumeMounts: list(volumeMount, ['mountPath']),
  volumeDevices: list(volumeDevice, ['devicePath']),
  livenessProbe: pointer(probe),
  readinessProbe: pointer(probe),
  startupProbe: pointer(probe),
  lifecycle: pointer(lifecycle),
  terminationMessagePath: text,
  terminationMessagePolicy: text,
  imagePullPolicy: text,
  securityContext: pointer(securityContext),
  stdin: flag,
  stdinOnce: flag,
  tty: flag,
};

export const container = struct(containerFields);

export const ephemeralContainer = struct({
  ...containerFields,
  targetContainerName: text,
});
