import { and, not } from 'xstate';

import { blueGreenChart } from './blue-green-chart.ts';
import { canaryChart } from './canary-chart.ts';
import { chart, stopWhenInvalid } from './chart.ts';

/**
 * The life of a Rollout. It is used level-triggered: `resuming` restores the state by asking specification and status
 * in order, one OBSERVED event carries the facts of the pass, and at most one boundary is crossed by it. What is to be
 * done is a function of the state the chart then stands in; the chart itself does nothing, holds no timer and is
 * thrown away after the pass.
 */
export const machine = chart.createMachine({
  id: 'rollout',
  context: ({ input }) => ({ stored: input.stored, stepIndex: input.stored.stepIndex }),
  initial: 'resuming',
  states: {
    resuming: {
      always: [
        { guard: 'isDeleting', target: 'deleting' },
        { guard: 'isInvalid', target: 'invalid' },
        { guard: 'isSuperseded', target: 'superseding' },
        { guard: 'hasNoStable', target: 'initial' },
        { guard: 'isAborted', target: 'aborted' },
        { guard: 'isAtStable', target: 'settled' },
        { guard: 'isPromotedFully', target: 'promoteFull' },
        { guard: 'isBlueGreen', target: 'blueGreen' },
        { target: 'canary' },
      ],
    },
    deleting: {},
    invalid: {
      on: {
        OBSERVED: [
          // What waited while the specification was wrong begins at once: its status must not read as if it were done.
          { guard: and([not('specInvalid'), 'isSuperseded']), target: 'resuming', actions: ['reset', 'forgetInvalid'] },
          { guard: not('specInvalid'), target: 'resuming', actions: 'forgetInvalid' },
        ],
      },
    },
    superseding: {
      on: {
        OBSERVED: [
          stopWhenInvalid,
          { guard: 'withinRollbackWindow', target: 'resuming', actions: 'resetPastSteps' },
          { target: 'resuming', actions: 'reset' },
        ],
      },
    },
    initial: { on: { OBSERVED: [stopWhenInvalid, { guard: 'newReplicaSetScaled', target: 'settled' }] } },
    aborted: { on: { OBSERVED: [stopWhenInvalid, { guard: 'isAtStable', target: 'settled' }] } },
    settled: { on: { OBSERVED: stopWhenInvalid } },
    promoteFull: {
      on: { OBSERVED: [stopWhenInvalid, { guard: and(['gatesOpen', 'fullyShifted']), target: 'settled' }] },
    },
    canary: canaryChart,
    blueGreen: blueGreenChart,
  },
});
