import type { ResourceType } from '../../api/object.ts';
import type { DeleteOptions, ListQuery, WatchQuery, WriteOptions } from '../port.ts';

/** Path of a collection, an object or a subresource at an API server. Names are escaped. */
export function resourcePath(type: ResourceType, namespace?: string, name?: string, subresource?: string): string {
  const parts = [
    ...(type.group === '' ? ['api', type.version] : ['apis', type.group, type.version]),
    ...(namespace === undefined || !type.namespaced ? [] : ['namespaces', namespace]),
    type.plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

/** Query text with its question mark; empty when there are no parameters. */
export function queryText(values: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(values).toString();
  return text === '' ? '' : `?${text}`;
}

/** Parameters of a create, update or patch. */
export function writeParameters({ fieldManager, dryRun }: WriteOptions): Record<string, string> {
  return { ...(fieldManager !== undefined && { fieldManager }), ...(dryRun === true && { dryRun: 'All' }) };
}

/** Parameters of a list or of the deletion of a collection. */
export function listParameters(query: ListQuery): Record<string, string> {
  return {
    ...selectors(query),
    ...(query.limit !== undefined && { limit: String(query.limit) }),
    ...(query.continueToken !== undefined && { continue: query.continueToken }),
  };
}

/** Parameters of a watch. */
export function watchParameters(query: WatchQuery): Record<string, string> {
  return {
    watch: 'true',
    resourceVersion: query.resourceVersion,
    ...selectors(query),
    ...(query.bookmarks === true && { allowWatchBookmarks: 'true' }),
    ...(query.timeoutSeconds !== undefined && { timeoutSeconds: String(query.timeoutSeconds) }),
  };
}

/** The body of a deletion. */
export function deleteBody(options: DeleteOptions): object {
  const { uid, resourceVersion, gracePeriodSeconds } = options;
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: options.propagation ?? 'Background',
    ...((uid !== undefined || resourceVersion !== undefined) && {
      preconditions: { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) },
    }),
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(options.dryRun === true && { dryRun: ['All'] }),
  };
}

function selectors({ labelSelector, fieldSelector }: ListQuery | WatchQuery): Record<string, string> {
  return {
    ...(labelSelector !== undefined && { labelSelector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
  };
}
