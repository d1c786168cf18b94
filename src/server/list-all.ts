import type { KubeObject, ResourceType } from '../api/object.ts';
import { SluiceError } from '../base/error.ts';
import type { Call, ClusterPort, ListQuery } from '../cluster/port.ts';

/** Objects of one list, and the version from which a watch goes on. */
export interface WholeList {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
}

const pageSize = 500;
const itemsMaxDefault = 10_000;

/** Reads a whole list page by page. Rejects with TooLarge beyond `itemsMax` objects. */
export async function listAll(
  cluster: ClusterPort,
  type: ResourceType,
  query: Omit<ListQuery, 'limit' | 'continueToken'>,
  call: Call,
  itemsMax = itemsMaxDefault,
): Promise<WholeList> {
  let page = await cluster.list(type, { ...query, limit: pageSize }, call);
  const items = [...page.items];
  while (page.continueToken !== undefined) {
    if (items.length >= itemsMax) {
      throw new SluiceError('TooLarge', `there are more than ${itemsMax} ${type.plural}; ask for one namespace`);
    }
    page = await cluster.list(type, { ...query, limit: pageSize, continueToken: page.continueToken }, call);
    items.push(...page.items);
  }
  return { items, resourceVersion: page.resourceVersion };
}
