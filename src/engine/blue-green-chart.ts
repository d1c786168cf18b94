import { and, not, or } from 'xstate';

import { calm, chart, free, stopWhenInvalid } from './chart.ts';

const ungated = and(['hasNoActive', 'activeElsewhere', not('isPauseLifted')]);

/** A new revision beside the active one: previewed, judged, approved, switched to, and judged again. */
export const blueGreenChart = chart.createStateConfig({
  initial: 'choosing',
  on: {
    OBSERVED: [stopWhenInvalid, { guard: or(['analysisFailed', 'deadlineAborts']), target: '#rollout.aborted' }],
  },
  states: {
    choosing: {
      always: [
        { guard: 'hasNoActive', target: 'cutOver' },
        { guard: 'isPausedInconclusive', target: 'inconclusive' },
        { guard: 'isActiveCurrent', target: 'postAnalysis' },
        { guard: 'isBlueGreenPaused', target: 'waiting' },
        { guard: or(['isPauseLifted', 'isCheckPointPassed']), target: 'cutOver' },
        { guard: and(['needsPreAnalysis', 'hasPreAnalysis']), target: 'preAnalysis' },
        { guard: 'needsPreAnalysis', target: 'previewing' },
        { guard: 'needsPause', target: 'previewing' },
        { target: 'cutOver' },
      ],
    },
    previewing: {
      on: {
        OBSERVED: [
          { guard: and([calm, 'previewSaturated', 'fastTrack']), target: 'cutOver' },
          { guard: and([calm, 'needsPreAnalysis', 'preAnalysisStarted']), target: 'preAnalysis' },
          { guard: and([calm, not('needsPreAnalysis'), 'previewSaturated']), target: 'waiting' },
        ],
      },
    },
    preAnalysis: {
      on: {
        OBSERVED: [
          { guard: and([calm, 'preAnalysisPassed', 'needsPause']), target: 'waiting' },
          { guard: and([calm, 'preAnalysisPassed']), target: 'cutOver' },
          { guard: and([calm, 'preAnalysisInconclusive']), target: 'inconclusive' },
        ],
      },
    },
    waiting: { on: { OBSERVED: { guard: and([free, 'pauseElapsed']), target: 'cutOver' } } },
    inconclusive: {},
    cutOver: {
      on: {
        OBSERVED: [
          // That the active Service led to no revision had opened the way; no gate was passed.
          { guard: and([ungated, 'needsPreAnalysis', 'hasPreAnalysis']), target: 'preAnalysis' },
          { guard: and([ungated, or(['needsPreAnalysis', 'needsPause'])]), target: 'previewing' },
          {
            guard: and([calm, 'activeSwitched', or(['needsNoPostAnalysis', 'fastTrack'])]),
            target: '#rollout.settled',
          },
          { guard: and([calm, 'activeSwitched']), target: 'postAnalysis' },
        ],
      },
    },
    postAnalysis: {
      on: {
        OBSERVED: [
          {
            guard: and([free, or(['needsNoPostAnalysis', 'postAnalysisPassed', 'fastTrack'])]),
            target: '#rollout.settled',
          },
          { guard: and([free, 'isPauseLifted']), target: '#rollout.settled' },
          { guard: and([calm, 'postAnalysisInconclusive']), target: 'inconclusive' },
        ],
      },
    },
  },
});
