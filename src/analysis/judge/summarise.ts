import { unreachable } from '../../base/invariant.ts';
import type { GaugeReport } from './gauge.ts';
import type { JudgeReport, KindReport, Progress } from './judge-report.ts';

/**
 * One or two sentences for a person about what a report says, e.g. `Rollback: errors of the canary 31 of 64 (48 %), of
 * stable 2 of 561 (0.36 %); evidence 4.72 of 4.61 after the share test.`
 */
export function summarise(report: Omit<JudgeReport, 'summary'>, ended: string | undefined): string {
  const counts = [
    ...tellingKinds(report.kinds).map(describeKind),
    ...(report.gauges ?? []).flatMap(describeGauge),
  ].join('; ');
  const { rollback, promote, decidedBy } = report;
  switch (report.verdict) {
    case 'rollback':
      return `Roll back: ${deciding(decidedBy)}, evidence ${against(rollback)}. ${counts}.`;
    case 'promote':
      return `Promote: good enough in every respect${proof(promote)}. ${counts}.`;
    case 'inconclusive':
      return `Inconclusive: ${ended ?? 'ended'} before there was proof. ${standing(report)}. ${counts}.`;
    case 'continue':
      return `Goes on: ${standing(report)}. ${counts}.`;
    default:
      return unreachable(report.verdict);
  }
}

function deciding(decidedBy: JudgeReport['decidedBy']): string {
  if (decidedBy === undefined) return 'harm';
  const { kind, test, pod } = decidedBy;
  return `${kind} decided by the ${test} test${pod === undefined ? '' : `, by the pod ${pod}`}`;
}

function proof(promote: Progress | undefined): string {
  return promote === undefined ? '' : `, evidence ${against(promote)}`;
}

function standing({ rollback, promote, isHeldBack }: Pick<JudgeReport, 'rollback' | 'promote' | 'isHeldBack'>): string {
  const parts = [`evidence of harm ${against(rollback)}${needed(rollback, 'to roll back')}`];
  if (promote !== undefined) parts.push(`evidence of health ${against(promote)}${needed(promote, 'to promote')}`);
  if (isHeldBack === true) parts.push('which waits, as two sides may wander so far apart for a while by themselves');
  return parts.join(', ');
}

function needed({ requestsNeeded }: Progress, purpose: string): string {
  return requestsNeeded === undefined || requestsNeeded === 0
    ? ''
    : ` (about ${requestsNeeded} more canary requests ${purpose})`;
}

function against({ evidence, threshold }: Progress): string {
  return `${twoDigits(evidence)} of ${twoDigits(threshold)}`;
}

/** With two digits after the point, and no minus where these are zeros. */
export function twoDigits(value: number): string {
  const text = value.toFixed(2);
  return text === '-0.00' ? '0.00' : text;
}

function describeKind({ name, unit, totals, comparison }: KindReport): string {
  const side = (bad: number, total: number): string =>
    unit === 'requests'
      ? `${Math.round(bad)} of ${Math.round(total)}${total > 0 ? ` (${percent(bad / total)})` : ''}`
      : `${Math.round(bad)} in ${Math.round(total)} pod-seconds`;
  const canary = side(totals.canaryBad, totals.canaryTotal);
  const stable = side(totals.stableBad, totals.stableTotal);
  const limit = comparison.kind === 'limit' ? `, compared with a limit of ${percent(comparison.ratio)}` : '';
  return `${name}: canary ${canary}, stable ${stable}${limit}`;
}

/** Of several boundaries of one histogram the one with most evidence tells enough. */
function tellingKinds(kinds: readonly KindReport[]): readonly KindReport[] {
  const boundaries = kinds.filter(({ name }) => name.startsWith('latency > '));
  const most = boundaries.reduce<KindReport | undefined>(
    (best, kind) => (best === undefined || kind.rollbackEvidence > best.rollbackEvidence ? kind : best),
    undefined,
  );
  return kinds.filter((kind) => !boundaries.includes(kind) || kind === most);
}

function describeGauge({ name, last }: GaugeReport): readonly string[] {
  if (last === undefined) return [];
  return [`${name}: canary ${short(last.canaryMean)} on average, stable ${short(last.stableMean)}`];
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(2))} %`;
}
