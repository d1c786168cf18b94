import type { ResourceType } from '../api/object.ts';
import type { SluiceError } from '../base/error.ts';
import type { ListPage, ListQuery, WatchEvent } from '../cluster/port.ts';
import type { CallFault, SentCall } from './sent-call.ts';

/** What happens to one event of a watch instead of being delivered at once. */
export type WatchFault = { readonly kind: 'close' } | { readonly kind: 'hold'; readonly holdMs: number };

/** What goes wrong between one process and the cluster. Every part is asked each time; nothing means all is well. */
export interface ProcessFaults {
  call?(call: SentCall): CallFault | undefined;
  /** A get or list that is refused. */
  read?(): SluiceError | undefined;
  /** A list as it was earlier, from an API server that lags behind. */
  staleList?(type: ResourceType, query: ListQuery): ListPage | undefined;
  /** A watch that cannot be opened. */
  openWatch?(type: ResourceType): SluiceError | undefined;
  watchEvent?(type: ResourceType, event: WatchEvent): WatchFault | undefined;
}

/** What a process waits for that will never be told. */
export function neverSettles<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}
