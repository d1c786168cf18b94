import type { JudgeSettings } from './judge-settings.ts';
import { countTest, countTestNames, type CountTestName, type KindState, type RollbackTestName } from './judge-state.ts';
import { logSumExp } from './log-sum-exp.ts';
import { podEvidence } from './pod-bets.ts';

/** Log capital of each rollback test of one kind: what it was given and what it made of that. */
export function evidenceParts(
  settings: JudgeSettings,
  state: KindState,
): readonly { readonly name: RollbackTestName; readonly log: number }[] {
  const { logs } = state.capital;
  return [
    ...countTestNames.map((name) => ({ name, log: logs[name] + testEvidence(settings, state, name) })),
    { name: 'pods', log: logs.pods + podEvidence(state.pods) },
  ];
}

/** Log evidence of a whole kind, of a capital of 1. */
export function kindEvidence(settings: JudgeSettings, state: KindState): number {
  return logSumExp(evidenceParts(settings, state).map(({ log }) => log));
}

/** Log evidence of one test alone. The margin has no part in it. */
export function testEvidence(settings: JudgeSettings, { rollback }: KindState, name: CountTestName): number {
  return countTest(name, settings.ratio, settings).evidence(rollback[name]);
}
