import type { Json } from '../../../api/object.ts';
import {
  change,
  changeEach,
  changeRecord,
  defaultPodSpec,
  defaultTemplate,
  fillIn,
  requestLimits,
} from '../../../api/pod-defaults.ts';
import {
  memberType,
  openStruct,
  resolveType,
  type FieldType,
  type MapType,
  type ResolvedType,
} from '../fields/field-type.ts';
import { asRecord, isList, isRecord, without, type JsonRecord } from '../json.ts';

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

/**
 * The object as Go's types hold it: for a built-in kind null, an empty list and an empty map are the same as nothing.
 * An empty struct is not: `emptyDir: {}` says something. The object itself when there is nothing to leave out.
 */
export function withoutBlanks(record: JsonRecord, type: MapType): JsonRecord {
  let kept: Record<string, Json> | undefined;
  for (const [key, value] of Object.entries(record)) {
    const full = fullValue(value, memberType(type, key));
    if (full === value) continue;
    kept ??= { ...record };
    if (full === undefined) delete kept[key];
    else kept[key] = full;
  }
  return kept ?? record;
}

/** Undefined when the value is the same as nothing. */
function fullValue(value: Json, type: FieldType): Json | undefined {
  if (value === null) return undefined;
  const resolved = resolveType(type, value);
  if (isList(value)) return value.length === 0 ? undefined : fullItems(value, resolved);
  if (!isRecord(value) || resolved.kind !== 'map') return value;
  if (Object.keys(value).length === 0) return resolved.open ? value : undefined;
  return withoutBlanks(value, resolved);
}

function fullItems(items: readonly Json[], type: ResolvedType): readonly Json[] {
  const element = type.kind === 'list' ? type.element : openStruct;
  const full = items.map((item) => fullValue(item, element) ?? item);
  return full.every((item, index) => item === items[index]) ? items : full;
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

const clientIpAffinity = { clientIP: { timeoutSeconds: 10_800 } };

function serviceSpec(spec: JsonRecord): JsonRecord {
  const filled = withAffinity(fillIn(spec, { type: 'ClusterIP', sessionAffinity: 'None' }));
  const isExternal = filled['type'] === 'ExternalName';
  const port = (value: JsonRecord): JsonRecord =>
    fillIn(value, { protocol: 'TCP', ...(value['port'] === undefined ? {} : { targetPort: value['port'] }) });
  return change(isExternal ? filled : fillIn(filled, { internalTrafficPolicy: 'Cluster' }), 'ports', changeEach(port));
}

/** The settings of an affinity go with it. */
function withAffinity(spec: JsonRecord): JsonRecord {
  if (spec['sessionAffinity'] === 'ClientIP') return fillIn(spec, { sessionAffinityConfig: clientIpAffinity });
  return spec['sessionAffinity'] === 'None' ? without(spec, 'sessionAffinityConfig') : spec;
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
