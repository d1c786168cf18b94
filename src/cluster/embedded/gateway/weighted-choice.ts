import { invariant } from '../../../base/invariant.ts';

/**
 * Spreads choices over weighted parties so evenly that after any number n of choices every party has been chosen
 * within one of its exact quota n·wᵢ/W. Random choice would need thousands of requests to come that close.
 *
 * The rule is the one of R. Tijdeman, "The chairman assignment problem", Discrete Mathematics 32 (1980): of the parties
 * that are far enough behind their quota, take the one whose deadline comes first. With k parties the distance never
 * exceeds 1 - 1/(2k - 2). All arithmetic is in whole numbers and starts anew after W choices, where every count is
 * exact again.
 */
export class WeightedChoice {
  readonly #weights: readonly number[];
  readonly #total: number;
  readonly #partyCount: number;
  #counts: number[];
  #step = 0;

  /** Weights are whole numbers of at least 0. */
  constructor(weights: readonly number[]) {
    this.#weights = weights;
    this.#total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#partyCount = weights.filter((weight) => weight > 0).length;
    this.#counts = weights.map(() => 0);
  }

  /** The index of the next party; undefined when no weight is above 0. */
  next(): number | undefined {
    if (this.#partyCount === 0) return undefined;
    if (this.#step === this.#total) this.#restart();
    this.#step += 1;
    const chosen = this.#mostUrgent();
    this.#counts[chosen] = (this.#counts[chosen] ?? 0) + 1;
    return chosen;
  }

  #restart(): void {
    this.#step = 0;
    this.#counts = this.#weights.map(() => 0);
  }

  #mostUrgent(): number {
    // Everything below is multiplied by W and by 2(k - 1) to stay in whole numbers.
    const scale = Math.max(2 * (this.#partyCount - 1), 1);
    let chosen = -1;
    let chosenSlack = Infinity;
    for (const [index, weight] of this.#weights.entries()) {
      if (weight === 0) continue;
      const lag = scale * (this.#step * weight - (this.#counts[index] ?? 0) * this.#total);
      if (lag < this.#total && this.#partyCount > 1) continue;
      const slack = ((scale - 1) * this.#total - lag) / weight;
      if (slack < chosenSlack) [chosen, chosenSlack] = [index, slack];
    }
    invariant(chosen >= 0, 'some party is always far enough behind its quota');
    return chosen;
  }
}
