import type { Json } from '../../../api/object.ts';
import { asRecord, isList, isRecord, type JsonRecord } from '../json.ts';
import {
  change,
  changeEach,
  changeRecord,
  defaultPodSpec,
  defaultTemplate,
  fillIn,
  requestLimits,
} from './pod-defaults.ts';

/**
 * What the API server fills in when it reads an object of a built-in kind. Source: the defaulting functions of the
 * Kubernetes API groups core, apps, batch, discovery and policy, version 1.34.
 */
export const builtinDefaults: Readonly<Record<string, (object: JsonRecord) => JsonRecord>> = {
  Pod: (object) => change(object, 'spec', changeRecord(podSpec)),
  PodTemplate: (object) => change(object, 'template', changeRecord(defaultTemplate)),
  ReplicaSet: (object) =>
    change(
      object,
      'spec',
      changeRecord((spec) => withTemplate(fillIn(spec, { replicas: 1 }))),
    ),
  Deployment: (object) => change(object, 'spec', changeRecord(deploymentSpec)),
  Job: (object) => change(object, 'spec', changeRecord(jobSpec)),
  Service: (object) => change(object, 'spec', changeRecord(serviceSpec)),
  EndpointSlice: (object) =>
    change(
      object,
      'ports',
      changeEach((port) => fillIn(port, { name: '', protocol: 'TCP' })),
    ),
  Secret: secret,
  Event: (object) => object,
  Namespace: (object) => object,
};

/** The object without members that are null: for a built-in kind null and absent are the same. */
export function withoutNulls(record: JsonRecord): JsonRecord {
  const entries = Object.entries(record).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.map(([key, value]) => [key, cleaned(value)]));
}

function cleaned(value: Json): Json {
  if (isList(value)) return value.map(cleaned);
  return isRecord(value) ? withoutNulls(value) : value;
}

function withTemplate(spec: JsonRecord): JsonRecord {
  return change(spec, 'template', changeRecord(defaultTemplate));
}

function podSpec(spec: JsonRecord): JsonRecord {
  const filled = fillIn(defaultPodSpec(spec), { enableServiceLinks: true });
  return ['containers', 'initContainers'].reduce((value, key) => change(value, key, changeEach(requestLimits)), filled);
}

function deploymentSpec(spec: JsonRecord): JsonRecord {
  const filled = fillIn(spec, {
    replicas: 1,
    strategy: {},
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  });
  return withTemplate(change(filled, 'strategy', changeRecord(deploymentStrategy)));
}

function deploymentStrategy(strategy: JsonRecord): JsonRecord {
  const filled = fillIn(strategy, { type: 'RollingUpdate' });
  if (filled['type'] !== 'RollingUpdate') return filled;
  const rollingUpdate = fillIn(asRecord(filled['rollingUpdate']) ?? {}, { maxUnavailable: '25%', maxSurge: '25%' });
  return { ...filled, rollingUpdate };
}

function jobSpec(spec: JsonRecord): JsonRecord {
  const filled = fillIn(spec, {
    ...(spec['completions'] === undefined && spec['parallelism'] === undefined ? { completions: 1 } : {}),
    parallelism: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    manualSelector: false,
    podReplacementPolicy: spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed',
  });
  return withTemplate(filled);
}

function serviceSpec(spec: JsonRecord): JsonRecord {
  const filled = fillIn(spec, { type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster' });
  const isExternal = filled['type'] === 'ExternalName';
  const port = (value: JsonRecord): JsonRecord =>
    fillIn(value, { protocol: 'TCP', ...(value['port'] === undefined ? {} : { targetPort: value['port'] }) });
  const { internalTrafficPolicy, ...rest } = filled;
  return change(
    isExternal ? rest : { ...rest, internalTrafficPolicy: internalTrafficPolicy ?? 'Cluster' },
    'ports',
    changeEach(port),
  );
}

/** `stringData` is how a client writes data without encoding it; it is never stored. */
function secret(object: JsonRecord): JsonRecord {
  const { stringData, ...rest } = fillIn(object, { type: 'Opaque' });
  const texts = Object.entries(asRecord(stringData) ?? {});
  if (texts.length === 0) return rest;
  const encoded = texts.map(([key, text]) => [
    key,
    typeof text === 'string' ? Buffer.from(text).toString('base64') : text,
  ]);
  return { ...rest, data: { ...asRecord(rest['data']), ...Object.fromEntries(encoded) } };
}
