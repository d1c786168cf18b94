import type { JudgeSettings } from '../../../src/analysis/judge/judge-settings.ts';

/** The settings of `sluice.dev/judge: {}`, with errors as the only kind. */
export const defaultSettings: JudgeSettings = {
  ratio: 1.5,
  alpha: 0.01,
  beta: 0.05,
  rollbackTest: 'auto',
  promoteTest: 'requests',
  kinds: [{ name: 'errors', weight: 1, unit: 'requests', acceptableRatio: 0.01 }],
};
