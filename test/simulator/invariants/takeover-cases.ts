import { replicaSet, route, switchTo, v1, v3, type Setting } from './doctored-log.ts';
import type { Planted } from './planted.ts';

const nothing = (): void => undefined;
/** A third revision is on its way, the second still has users, and stable lacks pods. */
const takenOver: Setting = { status: { currentPodHash: v3 }, stable: [4, 2] };

/** Users who are handed from one revision to the next by a Service that is turned under them. */
export const takeoverCases: readonly Planted[] = [
  {
    invariant: 'I21',
    what: 'users who are taken over although stable could have them',
    given: takenOver,
    sound: (log) => {
      replicaSet(log, v3, 1, 1);
      log.wait(70);
      switchTo(log, 'web-canary', v3);
    },
    bad: (log) => {
      replicaSet(log, v1, 4, 4);
      replicaSet(log, v3, 1, 1);
      log.wait(70);
      switchTo(log, 'web-canary', v3);
    },
  },
  {
    invariant: 'I21',
    what: 'more users who are taken over than stable lacks pods for',
    given: { ...takenOver, weight: 50, canary: [2, 2], status: { currentPodHash: v3, currentStepIndex: 2 } },
    sound: nothing,
    bad: (log) => {
      replicaSet(log, v3, 2, 2);
      log.wait(70);
      switchTo(log, 'web-canary', v3);
    },
  },
  {
    invariant: 'I21',
    what: 'users who are taken over though stable had its pods a moment ago',
    given: takenOver,
    sound: nothing,
    bad: (log) => {
      replicaSet(log, v1, 4, 4);
      replicaSet(log, v3, 1, 1);
      log.wait(65);
      replicaSet(log, v1, 4, 2);
      log.wait(5);
      switchTo(log, 'web-canary', v3);
    },
  },
  {
    invariant: 'I21',
    what: 'users who are taken over before stable had time to get its pods back',
    given: takenOver,
    sound: nothing,
    bad: (log) => {
      replicaSet(log, v3, 1, 1);
      log.wait(50);
      switchTo(log, 'web-canary', v3);
    },
  },
  {
    invariant: 'I21',
    what: 'users who are taken over early although the deadline is not that short',
    given: { ...takenOver, spec: { progressDeadlineSeconds: 80 } },
    sound: (log) => {
      replicaSet(log, v3, 1, 1);
      log.wait(45);
      switchTo(log, 'web-canary', v3);
    },
    bad: (log) => {
      replicaSet(log, v3, 1, 1);
      log.wait(30);
      switchTo(log, 'web-canary', v3);
    },
  },
  {
    invariant: 'I21',
    what: 'users who are taken over beyond what the step allows',
    given: takenOver,
    sound: nothing,
    bad: (log) => {
      replicaSet(log, v3, 2, 2);
      route(log, 'person', 30);
      log.wait(70);
      switchTo(log, 'web-canary', v3);
    },
  },
  {
    invariant: 'I21',
    what: 'users who are taken over by a revision that lacks the pods for them',
    given: takenOver,
    sound: nothing,
    bad: (log) => {
      replicaSet(log, v3, 1, 0);
      log.wait(70);
      switchTo(log, 'web-canary', v3);
    },
  },
];
