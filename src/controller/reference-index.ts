/** Who refers to what, so that news about an object reach everybody who named it. */
export class ReferenceIndex {
  readonly #targetsOf = new Map<string, ReadonlySet<string>>();
  readonly #referrersOf = new Map<string, Set<string>>();

  /** Sets everything that a referrer names; none forgets it. */
  set(referrer: string, targets: Iterable<string>): void {
    for (const target of this.#targetsOf.get(referrer) ?? []) this.#unlink(referrer, target);
    const named = new Set(targets);
    if (named.size === 0) this.#targetsOf.delete(referrer);
    else this.#targetsOf.set(referrer, named);
    for (const target of named) {
      const referrers = this.#referrersOf.get(target) ?? new Set();
      referrers.add(referrer);
      this.#referrersOf.set(target, referrers);
    }
  }

  /** Everybody who names the target. */
  referrers(target: string): Iterable<string> {
    return this.#referrersOf.get(target) ?? [];
  }

  #unlink(referrer: string, target: string): void {
    const referrers = this.#referrersOf.get(target);
    referrers?.delete(referrer);
    if (referrers?.size === 0) this.#referrersOf.delete(target);
  }
}
