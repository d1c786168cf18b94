import { isJsonList, isJsonObject, type JsonObject } from './json-value.ts';
import type { Json } from './object.ts';

/** The record with values for members that it does not have. The record itself when it has them all. */
export function fillIn(record: JsonObject, defaults: JsonObject): JsonObject {
  const missing = Object.entries(defaults).filter(([key]) => record[key] === undefined);
  return missing.length === 0 ? record : { ...record, ...Object.fromEntries(missing) };
}

/** The record with one member changed, when it has it. */
export function change(record: JsonObject, key: string, make: (value: Json) => Json): JsonObject {
  const value = record[key];
  return value === undefined ? record : { ...record, [key]: make(value) };
}

/** Changes every object of a list, and leaves anything else alone. */
export function changeEach(make: (item: JsonObject) => JsonObject): (value: Json) => Json {
  return (value) => (isJsonList(value) ? value.map((item) => (isJsonObject(item) ? make(item) : item)) : value);
}

/** Changes an object, and leaves anything else alone. */
export function changeRecord(make: (record: JsonObject) => JsonObject): (value: Json) => Json {
  return (value) => (isJsonObject(value) ? make(value) : value);
}

/** Fills in a pod spec as core/v1 does, in a Pod as in a template. */
export function defaultPodSpec(spec: JsonObject): JsonObject {
  let filled = fillIn(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  });
  for (const key of ['containers', 'initContainers', 'ephemeralContainers']) {
    filled = change(filled, key, changeEach(defaultContainer));
  }
  return change(filled, 'volumes', changeEach(defaultVolume));
}

/** Fills in a pod template. */
export function defaultTemplate(template: JsonObject): JsonObject {
  const { metadata = {}, spec } = template;
  return { ...template, metadata, ...(isJsonObject(spec) ? { spec: defaultPodSpec(spec) } : {}) };
}

function defaultContainer(container: JsonObject): JsonObject {
  let filled = fillIn(container, {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: pullPolicyOf(container['image']),
  });
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    filled = change(filled, probe, changeRecord(defaultProbe));
  }
  filled = change(filled, 'lifecycle', changeRecord(defaultLifecycle));
  filled = change(filled, 'env', changeEach(defaultEnvironment));
  return change(
    filled,
    'ports',
    changeEach((port) => fillIn(port, { protocol: 'TCP' })),
  );
}

/** An image without a tag, or with the tag `latest`, is always pulled. */
function pullPolicyOf(image: Json | undefined): string {
  if (typeof image !== 'string' || image.includes('@')) return 'IfNotPresent';
  const tag = /:([^/:]+)$/.exec(image)?.[1] ?? 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultProbe(probe: JsonObject): JsonObject {
  const filled = fillIn(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  const grpc = change(
    filled,
    'grpc',
    changeRecord((value) => fillIn(value, { service: '' })),
  );
  return change(grpc, 'httpGet', changeRecord(defaultHttpGet));
}

function defaultLifecycle(lifecycle: JsonObject): JsonObject {
  const handler = changeRecord((value) => change(value, 'httpGet', changeRecord(defaultHttpGet)));
  return change(change(lifecycle, 'postStart', handler), 'preStop', handler);
}

function defaultHttpGet(action: JsonObject): JsonObject {
  return fillIn(action, { path: '/', scheme: 'HTTP' });
}

function defaultEnvironment(variable: JsonObject): JsonObject {
  const fieldRef = changeRecord((value) => fillIn(value, { apiVersion: 'v1' }));
  return change(
    variable,
    'valueFrom',
    changeRecord((value) => change(value, 'fieldRef', fieldRef)),
  );
}

const fileMode = 0o644;

function defaultVolume(volume: JsonObject): JsonObject {
  const withMode = changeRecord((value) => fillIn(value, { defaultMode: fileMode }));
  const sources = ['secret', 'configMap', 'projected', 'downwardAPI'];
  const filled = sources.reduce((value, key) => change(value, key, withMode), volume);
  const hostPath = changeRecord((value) => fillIn(value, { type: '' }));
  return Object.keys(filled).length === 1 && 'name' in filled
    ? { ...filled, emptyDir: {} }
    : change(filled, 'hostPath', hostPath);
}

/** In a Pod, unlike in a template, a container that states limits requests as much. */
export function requestLimits(container: JsonObject): JsonObject {
  const { resources } = container;
  if (!isJsonObject(resources) || !isJsonObject(resources['limits'])) return container;
  const { limits, requests } = resources;
  return {
    ...container,
    resources: { ...resources, requests: fillIn(isJsonObject(requests) ? requests : {}, limits) },
  };
}
