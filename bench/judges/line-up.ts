import type { Cell } from './cell.ts';
import type { Judge } from './judge.ts';
import { lindonMalek, ratioOne, shareMargin, turner } from './judges/evidence.ts';
import { kayentaOnGauge, mannWhitneyOnGauge } from './judges/gauge-judges.ts';
import { kayenta, mannWhitneyRepeated } from './judges/kayenta.ts';
import { groupSequential, pooledZ } from './judges/pooled-z.ts';
import { sluice } from './judges/sluice.ts';
import { flagger10, flagger5, threshold, thresholdL0, thresholdL3 } from './judges/threshold.ts';
import type { ReferenceCell } from './reproduction.ts';
import type { Scenario } from './scenario.ts';

/**
 * Names of our judge: with its defaults, with its defaults and the hour before read, kept to the tests that allow for
 * clumps, and with independent errors vouched for.
 */
export const sluiceNames = {
  standard: 'Sluice',
  known: 'Sluice, service known',
  share: 'Sluice share',
  independent: 'Sluice independent',
} as const;

/** Families in which somebody may vouch for independent errors: those with constant rates. */
const vouchedFamilies: readonly number[] = [1, 2, 6];

/** Judges that play a cell. What independent errors are vouched for is played where rates are constant. */
export function judgesOf({ scenario, family }: Cell): readonly Judge[] {
  if (scenario.drawGauge !== undefined) {
    return [kayentaOnGauge, mannWhitneyOnGauge, ...ourJudges(scenario, false)];
  }
  return [...baselines(scenario), shareMargin, ...ourJudges(scenario, vouchedFamilies.includes(family))];
}

/** Judges that play a reference cell: those that it has figures of. */
export function referenceJudges({ scenario, rates }: ReferenceCell): readonly Judge[] {
  return [...baselines(scenario), turner].filter(({ name }) => rates[name] !== undefined);
}

function baselines(scenario: Scenario): readonly Judge[] {
  const [share = 0, ...others] = scenario.shares;
  return [
    threshold(thresholdL0),
    threshold(thresholdL3),
    threshold(flagger5),
    threshold(flagger10),
    kayenta(10),
    mannWhitneyRepeated,
    pooledZ,
    groupSequential,
    ...(others.length === 0 ? [lindonMalek(share)] : []),
    ratioOne,
  ];
}

function ourJudges({ configuration = {}, drawGauge }: Scenario, isIndependent: boolean): readonly Judge[] {
  const standard = sluice(sluiceNames.standard, configuration);
  if (drawGauge !== undefined) return [standard];
  const known = sluice(sluiceNames.known, configuration, true);
  const independent = sluice(sluiceNames.independent, { ...configuration, rollbackTest: 'independent' });
  return isIndependent ? [standard, known, independent] : [standard, known];
}
