import type { Commit } from '../ledger.ts';
import { selectedHash } from './rollout-picture.ts';

/** When others turned Services. What the controller sent before that could not know of it, nor be called back. */
export class ForeignSwitches {
  readonly #atMs = new Map<string, number>();

  take({ kind, writer, namespace, name, object, previous, atMs }: Commit): void {
    if (kind !== 'Service' || writer === 'sluice' || previous === undefined) return;
    if (selectedHash(previous) !== selectedHash(object)) this.#atMs.set(`${namespace}/${name}`, atMs);
  }

  /** Whether a Service was turned while this write was on its way. */
  wasTurnedSince({ namespace, call }: Commit, service: string): boolean {
    const turnedMs = this.#atMs.get(`${namespace}/${service}`);
    return turnedMs !== undefined && call !== undefined && call.atMs < turnedMs;
  }
}
