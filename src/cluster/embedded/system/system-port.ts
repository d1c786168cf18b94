import type { WriteContext } from '../write-context.ts';

/** How the controllers that belong to the server itself (like those of kube-controller-manager) do their work. */
export interface SystemPort {
  readonly context: WriteContext;
  /** Runs work as one call to the store, after `delayMs`. What it throws is a bug and reaches nobody. */
  later(delayMs: number, work: () => void): void;
}
