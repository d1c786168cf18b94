import { SluiceError } from '../base/error.ts';
import { invariant } from '../base/invariant.ts';

/**
 * Changes between a watch and a slow reader: of each key only the newest waits. One reader takes them in batches. A
 * queue that grows beyond its bound fails with Gone, after which the reader starts from the present state.
 */
export class ChangeQueue<Change> implements AsyncIterable<readonly Change[]> {
  readonly #waiting = new Map<string, Change>();
  readonly #waitingMax: number;
  #end: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  /** Adds a change; it takes the place of an older one with the same key, at the end of the queue. */
  push(key: string, change: Change): void {
    this.#waiting.delete(key);
    this.#waiting.set(key, change);
    if (this.#waiting.size > this.#waitingMax) {
      this.#waiting.clear();
      this.fail(new SluiceError('Gone', 'the client reads more slowly than things change'));
    }
    this.#wake?.();
  }

  /** Nothing more will come. */
  close(): void {
    this.#end ??= {};
    this.#wake?.();
  }

  /** Nothing more will come, for this reason. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Change[], void, void> {
    invariant(this.#wake === undefined, 'a queue has one reader');
    for (;;) {
      if (this.#waiting.size > 0) {
        const batch = [...this.#waiting.values()];
        this.#waiting.clear();
        yield batch;
      } else if (this.#end !== undefined) {
        if ('error' in this.#end) throw this.#end.error;
        return;
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
      }
    }
  }
}
