import type { KubeObject, ResourceType } from '../../api/object.ts';
import { SluiceError } from '../../base/error.ts';
import type { ListPage, ListQuery } from '../port.ts';
import { isRecord } from './json.ts';
import { keyOf } from './object-meta.ts';
import type { ObjectStore } from './object-store.ts';
import { readSelectors } from './read-selectors.ts';
import { resourceName } from './resource-traits.ts';

/** Where the next page starts: after a key, in the state of a version. */
interface Continuation {
  readonly version: number;
  readonly after: string;
}

/**
 * One page of a list. All pages of a list show the state at the version of the first; the token of a page expires
 * (Gone) when the changes since then were compacted.
 */
export function listObjects(store: ObjectStore, type: ResourceType, query: ListQuery): ListPage {
  const { traits } = store.table(type);
  const filter = readSelectors(traits, query);
  const limit = readLimit(query.limit);
  const start = query.continueToken === undefined ? undefined : readToken(query.continueToken);
  const version = start?.version ?? store.log.version;
  const { items, rest } = takePage(statesAfter(store, type, start, query.namespace), filter, limit);
  const last = items.at(-1);
  if (rest === 0 || last === undefined) return { items, resourceVersion: String(version) };
  return {
    items,
    resourceVersion: String(version),
    continueToken: writeToken({ version, after: keyOf(last) }),
    // The server does not know how many of the rest a selector would match.
    ...(hasSelector(query) ? {} : { remainingItemCount: rest }),
  };
}

function hasSelector({ labelSelector = '', fieldSelector = '' }: ListQuery): boolean {
  return labelSelector !== '' || fieldSelector !== '';
}

function readLimit(limit: number | undefined): number | undefined {
  if (limit === undefined || (Number.isInteger(limit) && limit >= 1)) return limit;
  throw new SluiceError('BadRequest', `limit is ${limit}, it must be an integer of at least 1`);
}

function takePage(
  objects: Iterable<KubeObject>,
  filter: (object: KubeObject) => boolean,
  limit: number | undefined,
): { readonly items: readonly KubeObject[]; readonly rest: number } {
  const items: KubeObject[] = [];
  let rest = 0;
  for (const object of objects) {
    if (!filter(object)) continue;
    if (limit !== undefined && items.length >= limit) rest += 1;
    else items.push(object);
  }
  return { items, rest };
}

/** Objects in key order, as they were at the version of the continuation (or are now). */
function* statesAfter(
  store: ObjectStore,
  type: ResourceType,
  start: Continuation | undefined,
  namespace: string | undefined,
): Iterable<KubeObject> {
  const { objects, sortedKeys } = store.table(type);
  const past =
    start === undefined ? new Map<string, KubeObject | undefined>() : statesBefore(store, type, start.version);
  const keys = past.size === 0 ? sortedKeys : [...new Set([...sortedKeys, ...past.keys()])].toSorted();
  const prefix = namespace === undefined ? '' : `${namespace}/`;
  for (const key of keys) {
    if ((start !== undefined && key <= start.after) || !key.startsWith(prefix)) continue;
    const object = past.has(key) ? past.get(key) : objects.get(key);
    if (object !== undefined) yield object;
  }
}

/** What objects that changed after a version were at that version; undefined for those that were not there yet. */
function statesBefore(store: ObjectStore, type: ResourceType, version: number): Map<string, KubeObject | undefined> {
  if (version < store.log.compactedVersion || version > store.log.version) {
    throw new SluiceError(
      'Gone',
      'The provided continue parameter is too old to display a consistent list result. ' +
        'You can start a new list without the continue parameter.',
    );
  }
  const name = resourceName(type);
  const states = new Map<string, KubeObject | undefined>();
  for (const change of store.log.after(version)) {
    const key = keyOf(change.object);
    if (resourceName(change.resource) === name && !states.has(key)) states.set(key, change.previous);
  }
  return states;
}

function writeToken({ version, after }: Continuation): string {
  return Buffer.from(JSON.stringify({ v: 'embedded/v1', rv: version, start: after })).toString('base64url');
}

function readToken(token: string): Continuation {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (isRecord(value) && value['v'] === 'embedded/v1') {
      const { rv, start } = value;
      if (typeof rv === 'number' && typeof start === 'string') return { version: rv, after: start };
    }
  } catch {
    // Told below, like every other token that is not ours.
  }
  throw new SluiceError('BadRequest', `continue key is not valid: ${JSON.stringify(token)}`);
}
