import { recordOf } from '../api/json-access.ts';
import type { KubeObject } from '../api/object.ts';
import { parseInstant } from '../base/instant.ts';
import type { Commit, Ledger } from './ledger.ts';
import type { WorldObserver } from './simulated-world.ts';

/** What is left of a run when everything that differs between two good runs is masked. */
export interface ClusterDigest {
  /** Every field of every object, by a name that does not differ between runs and its path. */
  readonly fields: ReadonlyMap<string, string>;
  /** How often objects of each name were created and deleted. */
  readonly created: ReadonlyMap<string, number>;
  readonly deleted: ReadonlyMap<string, number>;
  /** What is different in another run; empty when both are the same. */
  differences(other: ClusterDigest): readonly string[];
}

/** Follows a run; the digest is taken at its end. */
export function clusterDigest(): {
  readonly observer: WorldObserver;
  readonly digest: (ledger: Ledger) => ClusterDigest;
} {
  const created = new Map<string, number>();
  const deleted = new Map<string, number>();
  const setNames = new Map<string, string>();
  return {
    observer: {
      onCommit({ type, kind, object }: Commit) {
        if (kind === 'ReplicaSet') setNames.set(object.metadata.uid ?? '', object.metadata.name);
        if (type === 'MODIFIED' || unordered.has(kind)) return;
        const counts = type === 'ADDED' ? created : deleted;
        const name = nameOf(object, setNames);
        counts.set(name, (counts.get(name) ?? 0) + 1);
      },
    },
    digest: (ledger) => compose(fieldsOf(ledger, setNames), created, deleted),
  };
}

/** Events are written beside everything else: a crash may cost some. A gateway's proxies follow the slices. */
const unordered: ReadonlySet<string> = new Set(['Event', 'EndpointSlice']);

const comparedKinds = ['Rollout', 'Deployment', 'ReplicaSet', 'Service', 'HTTPRoute', 'AnalysisRun', 'Pod'];

function compose(
  fields: ReadonlyMap<string, string>,
  created: ReadonlyMap<string, number>,
  deleted: ReadonlyMap<string, number>,
): ClusterDigest {
  return {
    fields,
    created,
    deleted,
    differences: (other) => [
      ...compare('ends as', fields, other.fields),
      ...compare('is created', created, other.created),
      ...compare('is deleted', deleted, other.deleted),
    ],
  };
}

function compare<Value>(
  what: string,
  expected: ReadonlyMap<string, Value>,
  found: ReadonlyMap<string, Value>,
): readonly string[] {
  return [...new Set([...expected.keys(), ...found.keys()])].flatMap((name) => {
    const [left, right] = [expected.get(name), found.get(name)];
    return left === right ? [] : [`${name} ${what} ${String(right)} instead of ${String(left)}`];
  });
}

/** Names that the server makes up are left out: such objects are known by what they belong to. */
function nameOf({ kind, metadata }: KubeObject, setNames: ReadonlyMap<string, string>): string {
  if (kind !== 'Pod') return `${kind} ${metadata.name}`;
  const owner = metadata.ownerReferences?.[0]?.uid ?? '';
  return `Pod of ${setNames.get(owner) ?? 'nobody'}`;
}

function fieldsOf(ledger: Ledger, setNames: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const kind of comparedKinds) {
    for (const object of ledger.all(kind)) {
      const name = nameOf(object, setNames);
      if (kind === 'Pod') fields.set(name, String(Number(fields.get(name) ?? 0) + 1));
      else addFields(fields, name, maskedObject(object));
    }
  }
  return fields;
}

/** Identities and versions differ from run to run, and so does what an analysis measured on the way. */
function maskedObject(object: KubeObject): object {
  const {
    uid: _uid,
    resourceVersion: _version,
    generation: _generation,
    managedFields: _fields,
    ...metadata
  } = object.metadata;
  const owners = (metadata.ownerReferences ?? []).map(({ uid: _owner, ...reference }) => reference);
  const rest = { ...object, metadata: { ...metadata, ownerReferences: owners } };
  if (object.kind !== 'AnalysisRun') return rest;
  const { phase } = recordOf(object['status']);
  return { ...rest, status: { phase } };
}

/** Fields that count seconds, writes, or how often a plug-in was asked. */
const variable: ReadonlySet<string> = new Set([
  'totalManualPauseDurationSeconds',
  'observedGeneration',
  'observedAt',
  'executions',
  'workloadObservedGeneration',
  'rollout.argoproj.io/workload-generation',
]);

/** Notes every field below a path; every point in time becomes the same word. */
function addFields(fields: Map<string, string>, path: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    fields.set(path, typeof value === 'string' ? maskText(value) : JSON.stringify(value));
    return;
  }
  for (const [name, item] of Object.entries(value)) {
    if (item !== undefined && !variable.has(name)) addFields(fields, `${path}.${typeOf(item) ?? name}`, item);
  }
}

/** What an analysis has measured depends on when it was looked at; that it passed or failed does not. */
function maskText(text: string): string {
  return parseInstant(text) === undefined
    ? JSON.stringify(text.replace(/"Error Message: .*$/u, '<evidence>'))
    : '<time>';
}

/** Conditions stand in the order in which they changed; they are known by their types. */
function typeOf(item: unknown): string | undefined {
  const { type, status } = recordOf(item);
  return typeof type === 'string' && typeof status === 'string' ? type : undefined;
}
