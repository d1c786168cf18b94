import type { Budget } from './budget.ts';
import { isLess } from './operators.ts';
import type { Value } from './value.ts';

/** Up to this length the reference dialect sorts by insertion, which shows when keys such as NaN have no order. */
const insertionLengthMax = 12;

/**
 * Items in the order of their keys. Equal keys keep the order of their items. Throws a Fault for keys without order.
 */
export function sortValues(
  items: readonly Value[],
  keys: readonly Value[],
  descending: boolean,
  budget: Budget,
): readonly Value[] {
  const isBefore = (first: number, second: number): boolean => {
    budget.step();
    const [left, right] = [keys[first] ?? null, keys[second] ?? null];
    return descending ? isLess(right, left) : isLess(left, right);
  };
  const order = Array.from(items, (_, index) => index);
  if (order.length <= insertionLengthMax) insert(order, isBefore);
  else order.sort((first, second) => Number(isBefore(second, first)) - Number(isBefore(first, second)));
  return order.map((index) => items[index] ?? null);
}

function insert(order: number[], isBefore: (first: number, second: number) => boolean): void {
  for (let end = 1; end < order.length; end += 1) {
    for (let at = end; at > 0; at -= 1) {
      const [right, left] = [order[at] ?? 0, order[at - 1] ?? 0];
      if (!isBefore(right, left)) break;
      order[at] = left;
      order[at - 1] = right;
    }
  }
}
