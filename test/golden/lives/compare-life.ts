import { readPath } from './life-condition.ts';
import type { Life, Replay } from './replay-life.ts';

/** A recorded life with what was recorded. */
export interface RecordedLife extends Life {
  readonly trace: readonly TraceEntry[];
  readonly unstable: readonly { readonly object: string; readonly path: string; readonly differs: string }[];
}

interface TraceEntry {
  readonly t: number;
  readonly kind: string;
  readonly name: string;
  readonly op?: 'created' | 'deleted';
  readonly change?: Readonly<Record<string, unknown>>;
  readonly regarding?: string;
  readonly reason?: string;
}

/** One thing that is not as recorded. */
export interface LifeDifference {
  readonly what: string;
  readonly recorded: string;
  readonly ours: string;
}

/** Everything in which a replay differs from what was recorded and that was the same in all recordings. */
export function compareLife(life: RecordedLife, replay: Replay): readonly LifeDifference[] {
  if (replay.problem !== undefined) return [{ what: 'actions', recorded: 'all are done', ours: replay.problem }];
  const unstable = (object: string, path: string): boolean =>
    life.unstable.some((one) => one.object === object && path.startsWith(one.path));
  return [
    ...compareSequences(life, replay, 'ReplicaSet', 'spec.replicas', unstable),
    ...compareSequences(life, replay, 'Service', 'spec.selector[rollouts-pod-template-hash]', unstable),
    ...compareMoments(life, replay, unstable),
    ...compareReasons(life, replay),
  ];
}

type Unstable = (object: string, path: string) => boolean;

/** Values that a path of every object of a kind went through, one after the other. */
function compareSequences(
  life: RecordedLife,
  replay: Replay,
  kind: string,
  path: string,
  unstable: Unstable,
): readonly LifeDifference[] {
  const recorded = recordedSequences(life, kind, path);
  const ours = ourSequences(replay, kind, path);
  const names = new Set([...recorded.keys(), ...ours.keys()]);
  return [...names].flatMap((name) => {
    if (unstable(`${kind}/${name}`, path.split('[')[0] ?? path)) return [];
    const [left, right] = [recorded.get(name) ?? [], ours.get(name) ?? []].map((values) => values.join(' '));
    return left === right ? [] : [{ what: `${kind}/${name} ${path}`, recorded: left ?? '', ours: right ?? '' }];
  });
}

function recordedSequences({ trace }: RecordedLife, kind: string, path: string): Map<string, string[]> {
  const sequences = new Map<string, string[]>();
  for (const entry of trace) {
    if (entry.kind !== kind || entry.change === undefined) continue;
    const value = valueIn(entry.change, path);
    if (value !== undefined || entry.op === 'created') push(sequences, entry.name, value);
  }
  return sequences;
}

/** A change holds whole parts for new objects and paths for changed ones. */
function valueIn(change: Readonly<Record<string, unknown>>, path: string): unknown {
  if (path in change) return change[path];
  const dotted = path.replaceAll(/\[([^\]]+)\]/g, '.$1');
  if (dotted in change) return change[dotted];
  for (const [prefix, value] of Object.entries(change)) {
    if (path.startsWith(`${prefix}.`)) return readPath(value, path.slice(prefix.length + 1));
    if (path.startsWith(`${prefix}[`)) return readPath(value, path.slice(prefix.length));
  }
  return undefined;
}

function ourSequences(replay: Replay, kind: string, path: string): Map<string, string[]> {
  const sequences = new Map<string, string[]>();
  for (const { type, object } of replay.changes) {
    if (object.kind === kind && type !== 'DELETED') push(sequences, object.metadata.name, readPath(object, path));
  }
  return sequences;
}

function push(sequences: Map<string, string[]>, name: string, value: unknown): void {
  const values = sequences.get(name) ?? [];
  const text = value === undefined || value === null ? '-' : String(value);
  if (values.at(-1) !== text) values.push(text);
  sequences.set(name, values);
}

/** The recorded status at the moments just before each action and at the end, against ours. */
function compareMoments(life: RecordedLife, replay: Replay, unstable: Unstable): readonly LifeDifference[] {
  const states = recordedStatuses(life);
  return states.flatMap(({ name, status }, index) => {
    const object = replay.moments[index]?.get(`Rollout/${name}`);
    if (object === undefined) return [];
    const where = index === life.actions.length ? 'at the end' : `before action ${index}`;
    return statusFields.flatMap((path) => {
      if (unstable(`Rollout/${name}`, `status.${path}`)) return [];
      const [left, right] = [readPath(status, path), readPath(object['status'], path)].map(textOf);
      return left === right ? [] : [{ what: `${where} status.${path}`, recorded: left ?? '', ours: right ?? '' }];
    });
  });
}

const conditionTypes = ['Available', 'Progressing', 'Completed', 'Healthy', 'Paused', 'InvalidSpec', 'ReplicaFailure'];

const statusFields: readonly string[] = [
  'phase',
  'message',
  'abort',
  'promoteFull',
  'controllerPause',
  'pauseConditions[0].reason',
  'currentPodHash',
  'currentStepHash',
  'currentStepIndex',
  'stableRS',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'HPAReplicas',
  'selector',
  'collisionCount',
  'observedGeneration',
  'blueGreen.activeSelector',
  'blueGreen.previewSelector',
  'blueGreen.scaleUpPreviewCheckPoint',
  'canary.weights.canary.weight',
  'canary.weights.canary.podTemplateHash',
  'canary.weights.stable.podTemplateHash',
  'duration.completionStatus',
  ...conditionTypes.flatMap((type) => ['status', 'reason', 'message'].map((field) => `conditions[${type}].${field}`)),
];

function textOf(value: unknown): string {
  return value === undefined || value === null ? '-' : typeof value === 'string' ? value : JSON.stringify(value);
}

interface RecordedStatus {
  readonly name: string;
  readonly status: unknown;
}

function recordedStatuses({ trace }: RecordedLife): readonly RecordedStatus[] {
  const objects = new Map<string, Record<string, unknown>>();
  const states: RecordedStatus[] = [];
  const take = (): void => {
    const [first] = objects.entries();
    if (first !== undefined) states.push({ name: first[0], status: structuredClone(first[1]['status']) });
  };
  for (const entry of trace) {
    if (entry.kind === 'Action') take();
    if (entry.kind !== 'Rollout' || entry.change === undefined) continue;
    const object = objects.get(entry.name) ?? {};
    objects.set(entry.name, object);
    for (const [path, value] of Object.entries(entry.change)) write(object, path, value);
  }
  take();
  return states;
}

function write(object: Record<string, unknown>, path: string, value: unknown): void {
  const keys = [...path.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)].map(([, plain, bracketed]) => bracketed ?? plain ?? '');
  let current: unknown = object;
  keys.forEach((key, index) => {
    const isLast = index === keys.length - 1;
    if (Array.isArray(current)) {
      const items = current as Record<string, unknown>[];
      const at = /^\d+$/.test(key)
        ? Number(key)
        : items.findIndex((item) => item['type'] === key || item['name'] === key);
      if (isLast) {
        if (value === null) items.splice(at, 1);
        else if (at < 0) items.push(value as Record<string, unknown>);
        else items[at] = value as Record<string, unknown>;
        return;
      }
      current = items[at];
      return;
    }
    const fields = current as Record<string, unknown>;
    if (isLast) {
      if (value === null) delete fields[key];
      else fields[key] = structuredClone(value);
      return;
    }
    const next = keys[index + 1] ?? '';
    const isList = path.includes(`${key}[`) && (key === 'conditions' || /^\d+$/.test(next));
    fields[key] ??= isList ? [] : {};
    current = fields[key];
  });
}

/** Reasons of the Events about the Rollout, repeats collapsed. */
function compareReasons(life: RecordedLife, replay: Replay): readonly LifeDifference[] {
  if (life.unstable.some(({ path }) => path === '(events)')) return [];
  const recorded = life.trace
    .filter(({ kind, regarding }) => kind === 'Event' && regarding?.startsWith('Rollout/') === true)
    .map(({ reason }) => reason ?? '');
  const [left, right] = [recorded, replay.reasons].map((reasons) => collapse(reasons).join(' '));
  return left === right ? [] : [{ what: 'events', recorded: left ?? '', ours: right ?? '' }];
}

function collapse(reasons: readonly string[]): readonly string[] {
  return reasons.filter((reason, index) => reason !== reasons[index - 1]);
}
