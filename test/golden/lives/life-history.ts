import type { KubeObject } from '../../../src/api/object.ts';
import { readPath, writePath } from './life-path.ts';
import type { Replay } from './life-stage.ts';
import type { Fields, RecordedLife, TraceEntry } from './life.ts';
import { lifeNamespace } from './replay-life.ts';

/** What happened in a life, recorded or replayed, in one form so that the two can be compared. */
export interface LifeHistory {
  /** Every state of every object by `Kind/name`, one after the other; undefined once it is deleted. */
  readonly states: ReadonlyMap<string, readonly (Fields | undefined)[]>;
  /** All objects just before each action, and at the end. */
  readonly moments: readonly ReadonlyMap<string, Fields>[];
  /** Reasons of the Events about each object by `Kind/name`, in their order. */
  readonly reasons: ReadonlyMap<string, readonly string[]>;
  /** HTTP status of the answer to each action. */
  readonly answers: readonly (number | undefined)[];
  /** All objects at the end, where a recording says so beside telling their changes. */
  readonly final?: ReadonlyMap<string, Fields>;
}

/** The history that a recording tells. */
export function recordedHistory({ trace, final = {} }: RecordedLife): LifeHistory {
  const book = new Book();
  for (const entry of trace) enter(book, entry);
  const said = new Map(Object.entries(final).map(([key, object]) => [key, asRecorded(object)]));
  return withoutForeignHashes({ ...book.close(), final: said });
}

function enter(book: Book, { kind, name = '', op, change = {}, ...entry }: TraceEntry): void {
  const key = `${kind}/${name}`;
  if (kind === 'Action') book.act(entry.result?.[0]?.code);
  else if (kind === 'Event') book.tell(entry.regarding ?? '', entry.reason ?? '');
  else if (op === 'deleted') book.remove(key);
  else book.change(key, change);
}

/** The history of a replay, with names and times as recordings write them. */
export function replayedHistory(replay: Replay): LifeHistory {
  const states = new Map<string, (Fields | undefined)[]>();
  const reasons = new Map<string, string[]>();
  for (const { type, object } of replay.changes) {
    if (object.kind === 'Event') {
      if (type !== 'DELETED') push(reasons, aboutOf(object), String(object['reason']));
      continue;
    }
    push(states, `${object.kind}/${object.metadata.name}`, type === 'DELETED' ? undefined : asRecorded(object));
  }
  const moments = replay.moments.map(
    (objects) => new Map([...objects].map(([name, object]) => [name, asRecorded(object)])),
  );
  return withoutForeignHashes({ states, moments, reasons, answers: replay.answers });
}

/**
 * The hashes of a Deployment's ReplicaSets are the business of Kubernetes: their number in order of creation stands for
 * them.
 */
function withoutForeignHashes(history: LifeHistory): LifeHistory {
  const hashes = [...history.states.values()].flatMap(([made]) => {
    const labels = readPath(made, 'metadata.labels') as Readonly<Record<string, string>> | undefined;
    return labels?.['pod-template-hash'] ?? [];
  });
  if (hashes.length === 0) return history;
  const numbered = (text: string): string =>
    [...new Set(hashes)].reduce((done, hash, index) => done.replaceAll(hash, `(deployment hash ${index + 1})`), text);
  const renamed = <Value>(map: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> =>
    new Map(
      [...map].map(([key, value]) => [numbered(key), JSON.parse(numbered(JSON.stringify(value)), revive) as Value]),
    );
  return {
    ...history,
    states: renamed(history.states),
    moments: history.moments.map(renamed),
    ...(history.final === undefined ? {} : { final: renamed(history.final) }),
  };
}

/** JSON has no undefined in lists. */
function revive(_key: string, value: unknown): unknown {
  return Array.isArray(value) ? value.map((item: unknown) => item ?? undefined) : value;
}

/** Builds up the states of objects from the changes of a recording. */
class Book {
  readonly #now = new Map<string, Fields>();
  readonly #states = new Map<string, (Fields | undefined)[]>();
  readonly #moments: ReadonlyMap<string, Fields>[] = [];
  readonly #reasons = new Map<string, string[]>();
  readonly #answers: (number | undefined)[] = [];

  change(key: string, change: Fields): void {
    const state: Record<string, unknown> = structuredClone(this.#now.get(key) ?? {});
    for (const [path, value] of Object.entries(change)) writePath(state, path, value);
    const whole = asRecorded(state);
    this.#now.set(key, whole);
    push(this.#states, key, whole);
  }

  remove(key: string): void {
    this.#now.delete(key);
    push(this.#states, key, undefined);
  }

  tell(about: string, reason: string): void {
    push(this.#reasons, about, reason);
  }

  act(code: number | undefined): void {
    this.#moments.push(new Map(this.#now));
    this.#answers.push(code);
  }

  close(): LifeHistory {
    const moments = [...this.#moments, new Map(this.#now)];
    return { states: this.#states, moments, reasons: this.#reasons, answers: this.#answers };
  }
}

function aboutOf(event: KubeObject): string {
  const { kind = '', name = '' } = (event['involvedObject'] ?? {}) as {
    readonly kind?: string;
    readonly name?: string;
  };
  return `${kind}/${name}`;
}

function push<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

/** Names of the namespace and times are those of the place where a life was lived. */
function asRecorded(object: Fields): Fields {
  const text = JSON.stringify(object)
    .replaceAll(lifeNamespace, 'NAMESPACE')
    .replaceAll(/"(?:T\+[\d.]+|\d{4}-\d\d-\d\dT[\d:.]+Z)"/gu, '"(time)"');
  return JSON.parse(text) as Fields;
}
