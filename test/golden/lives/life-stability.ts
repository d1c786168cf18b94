import type { RecordedLife } from './life.ts';

/** How far a path was the same in all recordings: always, only in its last value (for Events: in its set), or not. */
export type Stability = 'same' | 'last' | 'free';

/** How far the values of a path of an object were the same in all recordings of a life. */
export function stabilityOf({ unstable = [] }: RecordedLife, object: string, path: string): Stability {
  const found = unstable.filter((one) => one.object === object && touch(keysOf(one.path), keysOf(path)));
  if (found.length === 0) return 'same';
  return found.every(({ differs }) => /^(?:intermediate|order|number)/u.test(differs)) ? limit(found) : 'free';
}

/** How often an Event was repeated does not count at all: repeats are collapsed. */
function limit(found: readonly { readonly differs: string }[]): Stability {
  return found.every(({ differs }) => differs.startsWith('number')) ? 'same' : 'last';
}

function keysOf(path: string): readonly string[] {
  return path.split(/[.[\]]+/u).filter((key) => key !== '');
}

/** True when one of the paths lies within the other. */
function touch(left: readonly string[], right: readonly string[]): boolean {
  return left.every((key, index) => right[index] === undefined || right[index] === key);
}
