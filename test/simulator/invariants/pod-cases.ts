import { resourceTypes } from '../../../src/api/resource-types.ts';
import { formatInstant } from '../../../src/base/instant.ts';
import { simulationStartMs } from '../../../src/simulator/virtual-clock.ts';
import { replicaSet, scale, scaleDownAt, switchTo, v1, v2, v3, type DoctoredLog } from './doctored-log.ts';
import type { Planted } from './planted.ts';

const { replicaSet: sets, pod } = resourceTypes;
const nothing = (): void => undefined;
const basic = { canary: { maxSurge: 1, maxUnavailable: 1, steps: [{ setWeight: 50 }] } };

/** Both pods of the canary, which did not answer, do since now. */
function answerAgain(log: DoctoredLog): void {
  const lastTransitionTime = formatInstant(simulationStartMs + log.nowMs);
  for (const name of ['0', '1']) {
    log.change('cluster', pod, `web-${v2}-${name}`, {
      status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] },
    });
  }
}

/** Bad things that happen to pods. */
export const podCases: readonly Planted[] = [
  {
    invariant: 'I05',
    what: 'more pods taken away than may be unavailable',
    given: { strategy: basic, canary: [2, 2], stable: [3, 3] },
    sound: (log) => scale(log, v1, 2),
    bad: (log) => scale(log, v1, 0),
  },
  {
    invariant: 'I05',
    what: 'pods taken away that answer again',
    given: { strategy: basic, canary: [2, 0], stable: [2, 2] },
    sound: (log) => {
      answerAgain(log);
      scale(log, v2, 0);
    },
    bad: (log) => {
      answerAgain(log);
      log.nowMs += 1;
      scale(log, v2, 0);
    },
  },
  {
    invariant: 'I05',
    what: 'an eviction beyond the budget',
    given: { strategy: basic, canary: [1, 0], stable: [4, 4] },
    sound: (log) =>
      log.change('sluice', pod, `web-${v1}-0`, { metadata: { deletionTimestamp: formatInstant(simulationStartMs) } }),
    bad: (log) => {
      for (const name of ['0', '1']) {
        log.change('sluice', pod, `web-${v1}-${name}`, {
          metadata: { deletionTimestamp: formatInstant(simulationStartMs) },
        });
      }
    },
  },
  {
    invariant: 'I06',
    what: 'more pods than maxSurge allows',
    given: { strategy: basic, canary: [0, 0], stable: [4, 4] },
    sound: (log) => scale(log, v2, 1),
    bad: (log) => scale(log, v2, 2),
  },
  {
    invariant: 'I06',
    what: 'a negative count',
    given: { strategy: basic },
    sound: nothing,
    bad: (log) => scale(log, v2, -1),
  },
  { invariant: 'I07', what: 'stable that loses pods beside a canary', sound: nothing, bad: (log) => scale(log, v1, 3) },
  {
    invariant: 'I08',
    what: 'an older revision that goes before its delay is over',
    given: { weight: 0 },
    sound: (log) => {
      replicaSet(log, v3, 2, 2, scaleDownAt(90_000));
      scale(log, v3, 0);
    },
    bad: (log) => {
      replicaSet(log, v3, 2, 2, scaleDownAt(110_000));
      scale(log, v3, 0);
    },
  },
  {
    invariant: 'I08',
    what: 'an older revision that goes without a delay',
    given: { weight: 0 },
    sound: nothing,
    bad: (log) => {
      replicaSet(log, v3, 2, 2);
      scale(log, v3, 0);
    },
  },
  {
    invariant: 'I09',
    what: 'a stable ReplicaSet that is deleted',
    sound: nothing,
    bad: (log) => log.remove('sluice', sets, `web-${v1}`),
  },
  { invariant: 'I09', what: 'a stable ReplicaSet that is emptied', sound: nothing, bad: (log) => scale(log, v1, 0) },
  {
    invariant: 'I09',
    what: 'the only complete ReplicaSet that is emptied, though others look complete by their own size',
    given: { status: { abort: true }, weight: 0, canary: [4, 4], stable: [4, 2] },
    sound: nothing,
    bad: (log) => {
      replicaSet(log, v3, 1, 1);
      scale(log, v2, 0);
    },
  },
  {
    invariant: 'I09',
    what: 'a deletion that does not say of what',
    sound: (log) => log.send({ verb: 'delete', uid: 'uid', resourceVersion: '7' }),
    bad: (log) => log.send({ verb: 'delete', uid: 'uid' }),
  },
  {
    invariant: 'I11',
    what: 'stable that loses pods by an abort',
    given: { strategy: basic, status: { abort: true }, canary: [2, 2], stable: [4, 4] },
    sound: (log) => scale(log, v2, 0),
    bad: (log) => {
      log.nowMs += 1000;
      scale(log, v1, 3);
    },
  },
  {
    invariant: 'I11',
    what: 'an abort with nothing in progress that changes something',
    given: { status: { abort: true, currentPodHash: v1, stableRS: v1 }, weight: 0 },
    sound: nothing,
    bad: (log) => {
      log.nowMs += 1000;
      switchTo(log, 'web-canary', v1);
    },
  },
];
