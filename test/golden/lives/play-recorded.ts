import { apiVersionOf, type KubeObject, type OwnerReference, type ResourceType } from '../../../src/api/object.ts';
import { hasCode } from '../../../src/base/error.ts';
import { formatInstant } from '../../../src/base/instant.ts';
import type { ClusterPort } from '../../../src/cluster/port.ts';
import { typeOfKind } from './life-kinds.ts';
import { writePath } from './life-path.ts';
import type { Fields, TraceEntry } from './life.ts';

/** Whose status follows from their pods here as it did there. */
const livingKinds: ReadonlySet<string> = new Set(['ReplicaSet', 'Deployment', 'Job']);
/** What the cluster of a replay makes by itself. */
const madeByItself: ReadonlySet<string> = new Set(['Event', 'Pod']);
/** What only an API server writes, and what the controller of Deployments notes on them. */
const pathOfOthers = /^metadata\.(?:generation|uid|resourceVersion|creationTimestamp|deletionTimestamp)/u;
const noteOfDeployments = 'deployment.kubernetes.io/';

/** Where what was recorded is done again. */
export interface RecordedPlace {
  readonly cluster: ClusterPort;
  readonly namespace: string;
  /** When the life began, in milliseconds since the epoch. */
  readonly startMs: number;
  /** Objects that are there, by `Kind/name`. */
  readonly objects: ReadonlyMap<string, KubeObject>;
}

/** Writes what one entry of a recording tells, as whoever was recorded wrote it. */
export async function playRecorded(entry: TraceEntry, place: RecordedPlace): Promise<void> {
  const { kind, name: written = '', op } = entry;
  if (madeByItself.has(kind) || kind === 'Action') return;
  const name = filled(written, place);
  const present = place.objects.get(`${kind}/${name}`);
  const change = filled(entry.change ?? {}, place);
  if (op === 'deleted') await remove(present, place);
  else if (op !== 'created') await alter(present, change, place);
  // What a manifest or an action made is there, and a ReplicaSet of a Deployment is made by its own controller.
  else if (present === undefined && !isOfDeployment(change)) await make(typeOfKind(kind), name, change, place);
}

async function make(type: ResourceType, name: string, change: Fields, place: RecordedPlace): Promise<void> {
  const object: Record<string, unknown> = { apiVersion: apiVersionOf(type), kind: type.kind };
  for (const [path, value] of Object.entries(change)) writePath(object, path, value);
  const { status, ...rest } = object as unknown as KubeObject;
  const owners = rest.metadata.ownerReferences?.map((owner) => ({ ...owner, ...identityOf(owner, place) }));
  const ownerReferences = owners === undefined ? {} : { ownerReferences: owners };
  const metadata = { ...rest.metadata, ...ownerReferences, name, namespace: place.namespace };
  await place.cluster.create(type, { ...rest, metadata, ...wholeStatus(type, status) }, {}, call);
}

/** What recordings leave out of a reference to an owner. */
function identityOf({ kind, name }: OwnerReference, { objects }: RecordedPlace): Partial<OwnerReference> {
  const owner = objects.get(`${kind}/${name}`);
  return { apiVersion: apiVersionOf(typeOfKind(kind)), ...(owner?.metadata.uid && { uid: owner.metadata.uid }) };
}

/** Kinds without a status subresource take the status with the rest. */
function wholeStatus({ kind }: ResourceType, status: unknown): object {
  return ['AnalysisRun', 'Experiment'].includes(kind) && status !== undefined ? { status } : {};
}

async function alter(present: KubeObject | undefined, change: Fields, place: RecordedPlace): Promise<void> {
  // Gone already, or of a Deployment, whose ReplicaSets have other names here.
  if (present === undefined) return;
  const type = typeOfKind(present.kind);
  const hasStatusOfItsOwn = Object.keys(wholeStatus(type, {})).length === 0;
  const paths = Object.entries(change).filter(([path, value]) => !isOfOthers(path, value));
  const isStatus = ([path]: readonly [string, unknown]): boolean => /^status\b/u.test(path);
  const main = paths.filter((entry) => !hasStatusOfItsOwn || !isStatus(entry));
  const status = livingKinds.has(present.kind) || !hasStatusOfItsOwn ? [] : paths.filter(isStatus);
  if (main.length > 0) await write(type, main, undefined, present, place);
  if (status.length > 0) await write(type, status, 'status', present, place);
}

function isOfOthers(path: string, value: unknown): boolean {
  return (
    pathOfOthers.test(path) || path.includes(noteOfDeployments) || JSON.stringify(value).includes(noteOfDeployments)
  );
}

async function write(
  type: ResourceType,
  paths: readonly (readonly [string, unknown])[],
  subresource: 'status' | undefined,
  { metadata: { name, namespace } }: KubeObject,
  { cluster }: RecordedPlace,
): Promise<void> {
  const at = { type, name, ...(namespace === undefined ? {} : { namespace }) };
  for (let attempt = 1; ; attempt += 1) {
    const object = structuredClone(await cluster.get(at, call));
    for (const [path, value] of paths) writePath(object, path, value);
    try {
      await cluster.update(type, object, subresource === undefined ? {} : { subresource }, call);
      return;
    } catch (error) {
      // The controllers of the built-in kinds write too.
      if (!hasCode(error, 'Conflict') || attempt === attemptsMax) throw error;
    }
  }
}

const attemptsMax = 10;

async function remove(present: KubeObject | undefined, { cluster, namespace }: RecordedPlace): Promise<void> {
  if (present === undefined) return;
  try {
    const { name } = present.metadata;
    await cluster.delete({ type: typeOfKind(present.kind), namespace, name }, {}, call);
  } catch (error) {
    // The garbage collector was faster.
    if (!hasCode(error, 'NotFound')) throw error;
  }
}

function isOfDeployment(change: Fields): boolean {
  const owners = (change as { readonly metadata?: KubeObject['metadata'] }).metadata?.ownerReferences ?? [];
  return owners.some(({ kind }) => kind === 'Deployment');
}

/** Recordings write times, uids and the namespace in a form that does not depend on when and where. */
function filled<Value>(value: Value, { namespace, startMs, objects }: RecordedPlace): Value {
  const text = JSON.stringify(value)
    .replaceAll('NAMESPACE', namespace)
    .replaceAll(/"T\+([\d.]+)"/gu, (_, seconds: string) => `"${formatInstant(startMs + Number(seconds) * 1000)}"`)
    .replaceAll(/UID\(([^)]+)\)/gu, (whole, key: string) => objects.get(key)?.metadata.uid ?? whole);
  return JSON.parse(text) as Value;
}

const call = { signal: new AbortController().signal };
