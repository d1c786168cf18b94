import type { KubeObject } from '../../../api/object.ts';
import { keyOf, type CacheChange } from './object-cache.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * Finds the selecting objects (Services, ReplicaSets) that may match some labels, without trying them all. Each
 * is filed under one of the labels that it demands, the one that fewest others are filed under; those that demand no
 * fixed label are candidates for everything in their namespace.
 */
export class SelectorIndex {
  readonly #demandedLabels: (object: KubeObject) => Labels;
  readonly #buckets = new Map<string, Set<string>>();
  readonly #filed = new Map<string, string>();

  /** `demandedLabels` reads the labels that a selected object must have. */
  constructor(demandedLabels: (object: KubeObject) => Labels) {
    this.#demandedLabels = demandedLabels;
  }

  /** Follows the changes of the selecting objects. */
  update({ before, after }: CacheChange): void {
    if (before !== undefined) this.#remove(keyOf(before));
    if (after !== undefined) this.#add(after);
  }

  /** Keys of the candidates, in a stable order. Whether one really matches is for the caller to check. */
  candidates(namespace: string, labels: Labels = {}): readonly string[] {
    const buckets = [
      bucketKey(namespace),
      ...Object.entries(labels).map(([name, value]) => bucketKey(namespace, name, value)),
    ];
    return buckets.flatMap((bucket) => [...(this.#buckets.get(bucket) ?? [])]);
  }

  #add(object: KubeObject): void {
    const { namespace = '' } = object.metadata;
    const possible = Object.entries(this.#demandedLabels(object)).map(([name, value]) =>
      bucketKey(namespace, name, value),
    );
    const sizeOf = (bucket: string): number => this.#buckets.get(bucket)?.size ?? 0;
    const [smallest = bucketKey(namespace)] = possible.toSorted((left, right) => sizeOf(left) - sizeOf(right));
    const members = this.#buckets.get(smallest) ?? new Set();
    this.#buckets.set(smallest, members.add(keyOf(object)));
    this.#filed.set(keyOf(object), smallest);
  }

  #remove(key: string): void {
    const bucket = this.#filed.get(key) ?? '';
    const members = this.#buckets.get(bucket);
    members?.delete(key);
    if (members?.size === 0) this.#buckets.delete(bucket);
    this.#filed.delete(key);
  }
}

function bucketKey(namespace: string, name = '', value = ''): string {
  return `${namespace}\n${name}=${value}`;
}
