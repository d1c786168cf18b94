import type { RolloutReport } from '../../server/view/rollout-report.ts';
import { ageOf } from './age.ts';
import { markOf } from './style.ts';
import type { Cell } from './table.ts';

/** Which columns a list has. */
export interface ListShape {
  readonly isWide: boolean;
  readonly hasNamespaces: boolean;
}

/** The header of a list of Rollouts. */
export function rolloutHeader({ isWide, hasNamespaces }: ListShape): readonly string[] {
  return [
    ...(hasNamespaces ? ['NAMESPACE'] : []),
    'NAME',
    'STRATEGY',
    'STATUS',
    'STEP',
    'WEIGHT',
    'READY',
    'DESIRED',
    'UP-TO-DATE',
    'AVAILABLE',
    'AGE',
    ...(isWide ? ['REVISION', 'MESSAGE'] : []),
  ];
}

/** A Rollout in such a list. */
export function rolloutRow(
  rollout: RolloutReport,
  { isWide, hasNamespaces }: ListShape,
  nowMs: number,
): readonly Cell[] {
  const { name, namespace, strategy, phase, step, ready, desired, updated, available, createdAt } = rollout;
  return [
    ...(hasNamespaces ? [namespace] : []),
    name,
    strategy || '-',
    { text: phase, tone: markOf(phase).tone },
    step === undefined ? '-' : `${step.index}/${step.count}`,
    weightText(rollout),
    `${ready}/${desired}`,
    String(desired),
    String(updated),
    String(available),
    ageOf(createdAt, nowMs),
    ...(isWide ? [String(rollout.revision), rollout.message || '-'] : []),
  ];
}

/** The share of the current revision, which is the stable one when it is promoted. */
function weightText({ weights, promoted }: RolloutReport): string {
  const share = promoted ? weights?.stable : weights?.canary;
  return weights === undefined || share === undefined ? '-' : `${share}/${weights.max}`;
}
