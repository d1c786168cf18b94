import { PerRollout, type Invariant } from './invariant.ts';

const windowMs = 60_000;

/** I22: the controller does not spin. */
export function calm(writesMax: number): Invariant {
  const writes = new PerRollout(() => [] as number[]);
  return {
    id: 'I22',
    rule: `the controller writes at most ${writesMax} times a minute about one Rollout`,
    onCommit(commit, picture) {
      if (commit.writer !== 'sluice') return undefined;
      const times = writes.of(picture);
      times.push(picture.nowMs);
      while ((times[0] ?? Infinity) <= picture.nowMs - windowMs) times.shift();
      return times.length > writesMax ? `${times.length} writes within a minute` : undefined;
    },
  };
}
