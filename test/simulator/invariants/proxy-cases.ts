import { resourceTypes } from '../../../src/api/resource-types.ts';
import { replicaSet, route, routing, scale, scaleDownAt, status, switchTo, v1, v2, v3 } from './doctored-log.ts';
import type { Planted } from './planted.ts';

const { replicaSet: sets } = resourceTypes;
const nothing = (): void => undefined;

/** Bad things that happen to users because proxies are late, all of them or one. */
export const proxyCases: readonly Planted[] = [
  {
    invariant: 'I21',
    what: 'a Service that is turned before proxies have let its users go',
    sound: nothing,
    bad: (log) => {
      replicaSet(log, v3, 1, 1);
      log.keepProxies('all');
      route(log, 'sluice', 0);
      switchTo(log, 'web-canary', v3);
    },
  },
  {
    invariant: 'I21',
    what: 'a Service that is turned before the last proxy has let its users go',
    sound: (log) => {
      replicaSet(log, v3, 1, 1);
      route(log, 'sluice', 0);
      switchTo(log, 'web-canary', v3);
    },
    bad: (log) => {
      replicaSet(log, v3, 1, 1);
      log.keepProxies('one');
      route(log, 'sluice', 0);
      switchTo(log, 'web-canary', v3);
    },
  },
  {
    invariant: 'I07',
    what: 'stable that shrinks before proxies have let its users go',
    given: {
      strategy: { canary: { ...routing, dynamicStableScale: true, steps: [{ setWeight: 50 }] } },
      weight: 50,
      canary: [2, 2],
    },
    sound: (log) => scale(log, v1, 2),
    bad: (log) => {
      log.keepProxies('all');
      route(log, 'sluice', 75);
      scale(log, v1, 1);
    },
  },
  {
    invariant: 'I08',
    what: 'a canary that goes while proxies still send requests to it',
    given: { status: { abort: true } },
    sound: nothing,
    bad: (log) => {
      log.keepProxies('all');
      route(log, 'sluice', 0);
      log.change('sluice', sets, `web-${v2}`, { metadata: { annotations: scaleDownAt(90_000) } });
      scale(log, v2, 0);
    },
  },
  {
    invariant: 'I08',
    what: 'a canary that goes while one of the proxies still sends requests to it',
    given: { status: { abort: true } },
    sound: (log) => {
      route(log, 'sluice', 0);
      log.change('sluice', sets, `web-${v2}`, { metadata: { annotations: scaleDownAt(90_000) } });
      scale(log, v2, 0);
    },
    bad: (log) => {
      log.keepProxies('one');
      route(log, 'sluice', 0);
      log.change('sluice', sets, `web-${v2}`, { metadata: { annotations: scaleDownAt(90_000) } });
      scale(log, v2, 0);
    },
  },
  {
    invariant: 'I13',
    what: 'a weight that proxies do not act on yet',
    sound: (log) => status(log, { currentStepIndex: 1 }),
    bad: (log) => {
      route(log, 'person', 0);
      log.keepProxies('all');
      route(log, 'sluice', 25);
      status(log, { currentStepIndex: 1 });
    },
  },
  {
    invariant: 'I13',
    what: 'a weight that one of the proxies does not act on yet',
    given: { weight: 0 },
    sound: (log) => {
      route(log, 'sluice', 25);
      status(log, { currentStepIndex: 1 });
    },
    bad: (log) => {
      log.keepProxies('one');
      route(log, 'sluice', 25);
      status(log, { currentStepIndex: 1 });
    },
  },
  {
    invariant: 'I13',
    what: 'a promotion while one of the proxies still leads users to the revision before',
    given: { weight: 50, canary: [4, 4], status: { currentStepIndex: 4 } },
    sound: (log) => {
      route(log, 'sluice', 100);
      status(log, { stableRS: v2 });
    },
    bad: (log) => {
      log.keepProxies('one');
      route(log, 'sluice', 100);
      status(log, { stableRS: v2 });
    },
  },
];
