import { PerRollout, type Invariant } from './invariant.ts';

const windowMs = 60_000;

/** Passes in a minute that may follow from nothing: deadlines, and news about what does not matter. */
const idlePassesMax = 15;
/** Passes that one write may cause. */
const passesPerCommit = 3;

/** I22: the controller does not spin. */
export function calm(writesMax: number): Invariant {
  const writes = new PerRollout(() => [] as number[]);
  const commits = new PerRollout(() => [] as number[]);
  const passes = new PerRollout(() => [] as number[]);
  return {
    id: 'I22',
    rule: `at most ${writesMax} writes a minute about one Rollout, and hardly any pass when nothing happens`,
    onCommit(commit, picture) {
      count(commits.of(picture), picture.nowMs);
      if (commit.writer !== 'sluice') return undefined;
      const written = count(writes.of(picture), picture.nowMs);
      return written > writesMax ? `${written} writes within a minute` : undefined;
    },
    onPass(picture) {
      const passed = count(passes.of(picture), picture.nowMs);
      const caused = recent(commits.of(picture), picture.nowMs) * passesPerCommit;
      return passed > idlePassesMax + caused ? `${passed} passes within a minute, and nothing happens` : undefined;
    },
  };
}

/** Notes a time, and answers how many there were within the last minute. */
function count(times: number[], nowMs: number): number {
  times.push(nowMs);
  return recent(times, nowMs);
}

function recent(times: number[], nowMs: number): number {
  while ((times[0] ?? Infinity) <= nowMs - windowMs) times.shift();
  return times.length;
}
