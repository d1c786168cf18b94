import type { KubeObject, ResourceType } from '../../../api/object.ts';
import { resourceTypes } from '../../../api/resource-types.ts';
import { hasCode, SluiceError } from '../../../base/error.ts';
import type { ClusterPort } from '../../port.ts';
import type { Container, EnvironmentVariable, Pod } from '../workloads/shapes.ts';
import { expandVariables } from './expand-variables.ts';

/** What the environment of a container is made from. */
export interface EnvironmentSources {
  readonly cluster: ClusterPort;
  readonly pod: Pod;
  readonly container: Container;
  readonly podIP: string;
  /** Variables that are set before the container's own; those may refer to them. */
  readonly base: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
}

/**
 * The variables of a container: the given ones, then `envFrom`, then `env` in its order, each of which may refer to
 * those before it. Throws Invalid naming what is missing or not supported, which becomes CreateContainerConfigError.
 */
export async function containerEnvironment(sources: EnvironmentSources): Promise<ReadonlyMap<string, string>> {
  const { container, base } = sources;
  const variables = new Map(base);
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const data =
      configMapRef === undefined
        ? await readData(sources, resourceTypes.secret, secretRef)
        : await readData(sources, resourceTypes.configMap, configMapRef);
    for (const [name, value] of data) variables.set(`${prefix}${name}`, value);
  }
  for (const variable of container.env ?? []) {
    const value = await valueOf(sources, variable, variables);
    if (value !== undefined) variables.set(variable.name, value);
  }
  return variables;
}

async function valueOf(
  sources: EnvironmentSources,
  { name, value = '', valueFrom }: EnvironmentVariable,
  variables: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  if (valueFrom === undefined) return expandVariables(value, variables);
  if (valueFrom.fieldRef !== undefined) return fieldValue(sources, valueFrom.fieldRef.fieldPath, name);
  const { configMapKeyRef, secretKeyRef } = valueFrom;
  if (configMapKeyRef !== undefined) return keyValue(sources, resourceTypes.configMap, configMapKeyRef);
  if (secretKeyRef !== undefined) return keyValue(sources, resourceTypes.secret, secretKeyRef);
  const source = Object.keys(valueFrom).join();
  throw new SluiceError('Invalid', `env "${name}": valueFrom.${source} is not supported by the local runtime`);
}

function fieldValue({ pod, podIP }: EnvironmentSources, path: string, name: string): string {
  const field = podFields.get(path);
  if (field !== undefined) return field(pod, podIP) ?? '';
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (keyed === null) {
    throw new SluiceError('Invalid', `env "${name}": fieldRef.fieldPath "${path}" is not a field of a pod to refer to`);
  }
  const source = keyed[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
  return source?.[keyed[2] ?? ''] ?? '';
}

/** The fields of a pod that a variable may refer to. */
const podFields = new Map<string, (pod: Pod, podIP: string) => string | undefined>([
  ['metadata.name', ({ metadata }) => metadata.name],
  ['metadata.namespace', ({ metadata }) => metadata.namespace],
  ['metadata.uid', ({ metadata }) => metadata.uid],
  ['spec.nodeName', ({ spec }) => spec?.nodeName],
  ['spec.serviceAccountName', ({ spec }) => spec?.serviceAccountName ?? 'default'],
  ['status.podIP', (_pod, podIP) => podIP],
  ['status.podIPs', (_pod, podIP) => podIP],
  ['status.hostIP', () => '127.0.0.1'],
  ['status.hostIPs', () => '127.0.0.1'],
]);

interface SourceReference {
  readonly name?: string;
  readonly optional?: boolean;
}

async function keyValue(
  sources: EnvironmentSources,
  type: ResourceType,
  reference: SourceReference & { readonly key: string },
): Promise<string | undefined> {
  const value = (await readData(sources, type, reference)).get(reference.key);
  if (value !== undefined || reference.optional === true) return value;
  const namespace = sources.pod.metadata.namespace ?? '';
  const where = `${type.kind} "${namespace}/${reference.name ?? ''}"`;
  throw new SluiceError('Invalid', `couldn't find key ${reference.key} in ${where}`);
}

/** The entries of a ConfigMap or Secret; none when it is optional and absent. */
async function readData(
  { cluster, pod, signal }: EnvironmentSources,
  type: ResourceType,
  { name = '', optional = false }: SourceReference = {},
): Promise<ReadonlyMap<string, string>> {
  const { namespace = '' } = pod.metadata;
  let object: KubeObject;
  try {
    object = await cluster.get({ type, namespace, name }, { signal });
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
    if (optional) return new Map();
    throw new SluiceError('Invalid', `${type.kind.toLowerCase()} "${name}" not found`, { cause: error });
  }
  const { data } = object;
  const entries: readonly [string, unknown][] = typeof data === 'object' && data !== null ? Object.entries(data) : [];
  const isSecret = type.kind === 'Secret';
  return new Map(entries.map(([key, value]) => [key, isSecret ? decode(String(value)) : String(value)]));
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
