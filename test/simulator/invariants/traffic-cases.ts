import { resourceTypes } from '../../../src/api/resource-types.ts';
import { formatInstant } from '../../../src/base/instant.ts';
import { simulationStartMs } from '../../../src/simulator/virtual-clock.ts';
import { replicaSet, route, scale, service, status, switchTo, v1, v2, v3, type DoctoredLog } from './doctored-log.ts';
import type { Planted } from './planted.ts';

const { replicaSet: sets, service: services, httpRoute } = resourceTypes;
const nothing = (): void => undefined;

/** A moment later somebody has turned the canary Service to nothing. */
function turnedByOthers(log: DoctoredLog): void {
  log.nowMs += 2000;
  service(log, 'web-canary', 'nonsense');
}

/** A moment later the Rollout is another one of the same name, and its Services were given back. */
function madeAgain(log: DoctoredLog): void {
  log.nowMs += 2000;
  const creationTimestamp = formatInstant(simulationStartMs + log.nowMs);
  log.change('person', resourceTypes.rollout, 'web', { metadata: { creationTimestamp } });
  for (const name of ['web-stable', 'web-canary']) service(log, name, '');
}

/** A route that was asked for before something happened, which nobody could know of then, and one that was after it. */
function askedBefore(happens: (log: DoctoredLog) => void, canary: number): Pick<Planted, 'sound' | 'bad'> {
  return {
    sound: (log) => {
      const before = { atMs: log.nowMs };
      happens(log);
      route(log, 'sluice', canary, 100 - canary, before);
    },
    bad: (log) => {
      happens(log);
      route(log, 'sluice', canary);
    },
  };
}

/** Bad things that happen to users. */
export const trafficCases: readonly Planted[] = [
  {
    invariant: 'I01',
    what: 'a weight beyond the step',
    given: { weight: 0, canary: [2, 2] },
    sound: (log) => route(log, 'sluice', 25),
    bad: (log) => route(log, 'sluice', 50),
  },
  {
    invariant: 'I01',
    what: 'a weight of the attempt before an abort',
    given: { weight: 0, canary: [2, 2], status: { currentStepIndex: 2 } },
    sound: (log) => route(log, 'sluice', 50),
    bad: (log) => {
      status(log, { abort: true }, 'person');
      status(log, { abort: false, currentStepIndex: 0 }, 'person');
      route(log, 'sluice', 50);
    },
  },
  {
    invariant: 'I02',
    what: 'weights that do not sum up',
    sound: (log) => route(log, 'sluice', 25, 75),
    bad: (log) => route(log, 'sluice', 25, 80),
  },
  {
    invariant: 'I02',
    what: 'a weight of 0 that is left out',
    sound: (log) => route(log, 'sluice', 0, 100),
    bad: (log) => route(log, 'sluice', undefined, 100),
  },
  { invariant: 'I02', what: 'half a weight', sound: nothing, bad: (log) => route(log, 'sluice', 12.5, 87.5) },
  {
    invariant: 'I03',
    what: 'a raise onto a Service that others turned before it was sent',
    given: { weight: 0, canary: [1, 1] },
    ...askedBefore(turnedByOthers, 25),
  },
  {
    invariant: 'I03',
    what: 'a raise onto pods that are not available',
    given: { weight: 0, canary: [1, 1] },
    sound: (log) => route(log, 'sluice', 25),
    bad: (log) => {
      replicaSet(log, v2, 1, 0);
      log.nowMs += 5000;
      route(log, 'sluice', 25);
    },
  },
  {
    invariant: 'I03',
    what: 'a raise onto fewer pods than the share needs',
    given: { weight: 0, replicas: 8, stable: [8, 8], canary: [4, 4], status: { currentStepIndex: 2 } },
    sound: (log) => route(log, 'sluice', 50),
    bad: (log) => {
      replicaSet(log, v2, 4, 2);
      log.nowMs += 5000;
      route(log, 'sluice', 50);
    },
  },
  {
    invariant: 'I03',
    what: 'blue/green users who are switched to too few pods',
    given: { strategy: { blueGreen: { activeService: 'web-stable' } }, canary: [4, 4] },
    sound: (log) => switchTo(log, 'web-stable', v2),
    bad: (log) => {
      replicaSet(log, v2, 4, 1);
      log.nowMs += 5000;
      switchTo(log, 'web-stable', v2);
    },
  },
  {
    invariant: 'I04',
    what: 'a raise onto a Service that others turned before it was sent',
    given: { weight: 0, canary: [1, 1] },
    ...askedBefore(turnedByOthers, 25),
  },
  {
    invariant: 'I04',
    what: 'users who are led to open Services, unless it was asked for before the Rollout was made again',
    given: { weight: 100, canary: [4, 4] },
    ...askedBefore(madeAgain, 0),
  },
  {
    invariant: 'I04',
    what: 'a ReplicaSet that is emptied under its users',
    sound: nothing,
    bad: (log) => scale(log, v2, 0),
  },
  {
    invariant: 'I04',
    what: 'users who are led to a revision that is not there',
    given: { weight: 0 },
    sound: nothing,
    bad: (log) => {
      log.remove('person', sets, `web-${v2}`);
      route(log, 'sluice', 25);
    },
  },
  {
    invariant: 'I04',
    what: 'a selector that loses its revision',
    sound: (log) => {
      service(log, 'web-canary', 'gone');
      log.change('sluice', services, 'web-canary', { spec: { selector: { app: 'web' } } });
    },
    bad: (log) => log.change('sluice', services, 'web-canary', { spec: { selector: { app: 'web' } } }),
  },
  {
    invariant: 'I10',
    what: 'a raise after an abort',
    given: { status: { abort: true, currentStepIndex: 2 }, canary: [2, 2] },
    sound: (log) => route(log, 'sluice', 10),
    bad: (log) => {
      log.nowMs += 1000;
      route(log, 'sluice', 50);
    },
  },
  {
    invariant: 'I10',
    what: 'users who are left on an aborted revision',
    given: { status: { abort: true } },
    sound: (log) => {
      log.wait(5);
      route(log, 'sluice', 0);
      log.wait(20);
    },
    bad: (log) => log.wait(20),
  },
  {
    invariant: 'I12',
    what: 'a share that goes to and fro',
    given: { weight: 0, canary: [2, 2], status: { currentStepIndex: 2 } },
    sound: (log) => {
      route(log, 'sluice', 10);
      route(log, 'sluice', 25);
    },
    bad: (log) => {
      log.nowMs += 1000;
      route(log, 'sluice', 25);
      route(log, 'sluice', 0);
    },
  },
  {
    invariant: 'I12',
    what: 'a share that goes back while its pods answer',
    given: { weight: 0, canary: [1, 1] },
    sound: (log) => {
      log.nowMs += 1000;
      route(log, 'sluice', 25);
      log.change('cluster', resourceTypes.pod, `web-${v2}-0`, {
        metadata: { deletionTimestamp: '2026-01-01T00:01:41Z' },
      });
      route(log, 'sluice', 0);
    },
    bad: (log) => {
      log.nowMs += 1000;
      route(log, 'sluice', 25);
      log.change('cluster', resourceTypes.pod, `web-${v2}-0`, { metadata: { labels: { zone: 'a' } } });
      route(log, 'sluice', 0);
    },
  },
  {
    invariant: 'I12',
    what: 'a share that goes back at the progress deadline without an abort',
    given: { weight: 0, canary: [2, 2], spec: { progressDeadlineAbort: true } },
    sound: (log) => {
      log.nowMs += 1000;
      route(log, 'sluice', 25);
      route(log, 'sluice', 0);
      status(log, { abort: true });
    },
    bad: (log) => {
      log.nowMs += 1000;
      route(log, 'sluice', 25);
      route(log, 'sluice', 0);
      status(log, { message: 'waiting' });
    },
  },
  {
    invariant: 'I12',
    what: 'a Service that is switched again and again',
    given: { weight: 0 },
    sound: (log) => switchTo(log, 'web-canary', v1),
    bad: (log) => {
      for (const hash of [v1, v2, v1]) switchTo(log, 'web-canary', hash);
    },
  },
  {
    invariant: 'I19',
    what: 'a timeout of the user that is lost',
    sound: (log) => routeWith(log, { timeouts: { request: '5s' } }, { timeouts: { request: '5s' } }),
    bad: (log) => routeWith(log, { timeouts: { request: '5s' } }, {}),
  },
  {
    invariant: 'I19',
    what: 'a port of a Service that is changed',
    sound: nothing,
    bad: (log) => log.change('sluice', services, 'web-canary', { spec: { ports: [{ port: 81 }] } }),
  },
  {
    invariant: 'I20',
    what: 'a status that claims more than the routes say',
    sound: (log) => status(log, { canary: { weights: { canary: { weight: 25 } } } }),
    bad: (log) => status(log, { canary: { weights: { canary: { weight: 50 } } } }),
  },
  {
    invariant: 'I21',
    what: 'a Service that is turned under its users',
    sound: (log) => {
      replicaSet(log, v3, 1, 1);
      route(log, 'sluice', 0);
      switchTo(log, 'web-canary', v3);
    },
    bad: (log) => {
      replicaSet(log, v3, 1, 1);
      switchTo(log, 'web-canary', v3);
    },
  },
  {
    invariant: 'I10',
    what: 'users who stay on an aborted revision though stable could carry some of them',
    given: { status: { abort: true }, stable: [4, 2], canary: [3, 3], weight: 60 },
    sound: (log) => {
      route(log, 'person', 34);
      log.wait(30);
    },
    bad: (log) => log.wait(30),
  },
  {
    invariant: 'I24',
    what: 'a raise in a route that cannot be read',
    given: { canary: [2, 2], status: { currentStepIndex: 2 } },
    sound: (log) => {
      route(log, 'person', 'many', 75);
      route(log, 'sluice', 0);
    },
    bad: (log) => {
      route(log, 'person', 'many', 75);
      route(log, 'sluice', 50);
    },
  },
  {
    invariant: 'I24',
    what: 'traffic that moves on an invalid specification',
    given: {
      status: { conditions: [{ type: 'InvalidSpec', status: 'True', reason: 'InvalidSpec', message: '' }] },
      weight: 0,
    },
    sound: (log) => status(log, { observedGeneration: '2' }),
    bad: (log) => route(log, 'sluice', 25),
  },
  {
    invariant: 'I24',
    what: 'pods that go while the route cannot be read',
    given: { canary: [3, 3] },
    sound: nothing,
    bad: (log) => {
      log.put('foreign', httpRoute, { metadata: { name: 'web' }, spec: { rules: [] } });
      scale(log, v2, 1);
    },
  },
];

function routeWith(log: DoctoredLog, before: object, after: object): void {
  const backendRefs = [
    { name: 'web-stable', port: 80, weight: 75 },
    { name: 'web-canary', port: 80, weight: 25 },
  ];
  log.put('person', httpRoute, { metadata: { name: 'web' }, spec: { rules: [{ ...before, backendRefs }] } });
  log.put('sluice', httpRoute, { metadata: { name: 'web' }, spec: { rules: [{ ...after, backendRefs }] } });
}
