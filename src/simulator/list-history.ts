import type { KubeObject, ResourceType } from '../api/object.ts';
import { parseSelector } from '../api/parse-selector.ts';
import { selectorMatches } from '../api/selector.ts';
import type { Change, ReadonlyChangeLog } from '../cluster/embedded/change-log.ts';
import type { ListPage, ListQuery } from '../cluster/port.ts';

/** Lists as they were, for API servers that lag behind. */
export class ListHistory {
  readonly #changes: { readonly change: Change; readonly atMs: number }[] = [];

  constructor(log: ReadonlyChangeLog, now: () => number) {
    log.subscribe((change) => this.#changes.push({ change, atMs: now() }));
  }

  /** What a list was at a time; undefined when nothing had been written yet. Field selectors are not known. */
  at(type: ResourceType, query: ListQuery, atMs: number): ListPage | undefined {
    const objects = new Map<string, KubeObject>();
    let resourceVersion: string | undefined;
    for (const { change, atMs: madeMs } of this.#changes) {
      if (madeMs > atMs) break;
      ({ resourceVersion } = change);
      if (change.resource === type) put(objects, change);
    }
    const items = [...objects.values()].filter((object) => isAsked(object, query));
    return resourceVersion === undefined ? undefined : { items, resourceVersion };
  }
}

function put(objects: Map<string, KubeObject>, { type, object }: Change): void {
  const { namespace = '', name } = object.metadata;
  if (type === 'DELETED') objects.delete(`${namespace}/${name}`);
  else objects.set(`${namespace}/${name}`, object);
}

function isAsked({ metadata }: KubeObject, { namespace, labelSelector = '' }: ListQuery): boolean {
  const selector = parseSelector(labelSelector);
  return (
    (namespace === undefined || metadata.namespace === namespace) &&
    selector.ok &&
    selectorMatches(selector.value, metadata.labels)
  );
}
