import { and, or } from 'xstate';

import { calm, chart, free, stopWhenInvalid } from './chart.ts';

const toNextStep = { target: '#rollout.canary.step', actions: 'nextStep' } as const;

/** The steps of a canary, one state per kind. */
const step = chart.createStateConfig({
  initial: 'choosing',
  states: {
    choosing: {
      always: [
        { guard: 'isStepWeight', target: 'setWeight' },
        { guard: 'isStepPause', target: 'pause' },
        { guard: 'isStepAnalysis', target: 'analysis' },
        { guard: 'isStepScale', target: 'setCanaryScale' },
        { guard: 'isStepHeaderRoute', target: 'setHeaderRoute' },
        { guard: 'isStepMirrorRoute', target: 'setMirrorRoute' },
        { guard: 'isStepExperiment', target: 'experiment' },
        { guard: 'isStepPlugin', target: 'plugin' },
        { target: '#rollout.canary.finishing' },
      ],
    },
    setWeight: { on: { OBSERVED: { guard: and([free, 'countsReached', 'trafficReached']), ...toNextStep } } },
    setCanaryScale: { on: { OBSERVED: { guard: and([free, 'countsReached']), ...toNextStep } } },
    setHeaderRoute: { on: { OBSERVED: { guard: and([free, 'trafficReached']), ...toNextStep } } },
    setMirrorRoute: { on: { OBSERVED: { guard: and([free, 'trafficReached']), ...toNextStep } } },
    pause: {
      initial: 'choosing',
      states: {
        choosing: {
          always: [
            { guard: 'isPauseBegun', target: 'waiting' },
            { guard: 'isPauseLifted', target: 'resumed' },
            { target: 'entering' },
          ],
        },
        entering: { on: { OBSERVED: { guard: calm, target: 'waiting' } } },
        waiting: { on: { OBSERVED: { guard: and([free, 'pauseElapsed']), ...toNextStep } } },
        resumed: { on: { OBSERVED: { guard: free, ...toNextStep } } },
      },
    },
    analysis: {
      on: {
        OBSERVED: [
          { guard: and([free, or(['stepAnalysisPassed', 'stepAnalysisAcknowledged'])]), ...toNextStep },
          { guard: and([calm, 'stepAnalysisInconclusive']), target: '#rollout.canary.inconclusive' },
        ],
      },
    },
    experiment: {
      on: {
        OBSERVED: [
          {
            guard: and([free, 'experimentLeft', or(['experimentPassed', 'experimentAcknowledged'])]),
            ...toNextStep,
          },
          { guard: and([calm, 'experimentInconclusive']), target: '#rollout.canary.inconclusive' },
        ],
      },
    },
    plugin: {
      on: {
        OBSERVED: [
          { guard: and([free, 'stepPluginPassed']), ...toNextStep },
          { guard: and([calm, 'stepPluginFailed']), target: '#rollout.aborted' },
        ],
      },
    },
  },
});

/** A new revision on its way to its users, step by step. */
export const canaryChart = chart.createStateConfig({
  initial: 'choosing',
  on: {
    OBSERVED: [
      stopWhenInvalid,
      { guard: or(['analysisFailed', 'experimentFailed', 'deadlineAborts']), target: '#rollout.aborted' },
      { guard: 'backgroundInconclusive', target: '#rollout.canary.inconclusive' },
    ],
  },
  states: {
    choosing: { always: [{ guard: 'isPausedInconclusive', target: 'inconclusive' }, { target: 'step' }] },
    inconclusive: {},
    step,
    finishing: { on: { OBSERVED: { guard: and([free, 'fullyShifted']), target: '#rollout.settled' } } },
  },
});
