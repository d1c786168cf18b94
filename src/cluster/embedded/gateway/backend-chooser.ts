import type { RouteRule, RuleBackend } from './route-table.ts';
import { WeightedChoice } from './weighted-choice.ts';

interface Choice {
  readonly weights: string;
  readonly choice: WeightedChoice;
}

/** Rules whose spreading is remembered, at most. */
const ruleCountMax = 10_000;

/**
 * Chooses backends rule by rule so that shares are exact. A rule keeps its place in the sequence while its weights stay
 * the same, whatever else of its route changes; new weights start a new sequence.
 */
export class BackendChooser {
  readonly #choices = new Map<string, Choice>();

  /** The backend of the next request; undefined when no backend has a weight above 0. */
  next(rule: RouteRule): RuleBackend | undefined {
    const index = this.#choiceOf(rule.key, weightsOf(rule)).next();
    return index === undefined ? undefined : rule.backends[index];
  }

  /** Whether the next request is to be copied to a mirror that gets a part of the requests. */
  nextIsMirrored(rule: RouteRule, mirrorIndex: number): boolean {
    const mirror = rule.filters.mirrors[mirrorIndex];
    if (mirror === undefined) return false;
    const weights = [mirror.numerator, Math.max(mirror.denominator - mirror.numerator, 0)];
    return this.#choiceOf(`${rule.key}/mirror/${mirrorIndex}`, weights).next() === 0;
  }

  #choiceOf(key: string, weights: readonly number[]): WeightedChoice {
    const text = weights.join();
    const known = this.#choices.get(key);
    if (known?.weights === text) return known.choice;
    if (this.#choices.size >= ruleCountMax) this.#choices.clear();
    const choice = new WeightedChoice(weights);
    this.#choices.set(key, { weights: text, choice });
    return choice;
  }
}

function weightsOf(rule: RouteRule): readonly number[] {
  return rule.backends.map(({ weight }) => weight);
}
