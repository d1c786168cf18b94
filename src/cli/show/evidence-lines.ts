import { binomialInterval } from '../../analysis/judge/binomial-interval.ts';
import { twoDigits } from '../../analysis/judge/summarise.ts';
import type { AnalysisRunReport, MetricReport } from '../../server/view/analysis-run-report.ts';
import type { EvidenceReport } from '../../server/view/evidence-report.ts';
import { markOf, type Paint } from './style.ts';
import { columns, type Cell } from './table.ts';

const barWidth = 20;

/** What the metrics of a run say: totals, or the judge's counts and its evidence against the thresholds. */
export function evidenceLines({ metrics }: AnalysisRunReport, paint: Paint): readonly string[] {
  return columns(
    metrics.flatMap((metric) => metricRows(metric)),
    paint,
  );
}

function metricRows(metric: MetricReport): readonly (readonly Cell[])[] {
  const { sign, tone } = markOf(metric.phase);
  const name = `${metric.name}${metric.dryRun ? ' (dry run)' : ''}`;
  const head: readonly Cell[] = [{ text: sign, tone }, name];
  const { evidence } = metric;
  if (evidence === undefined) return [[...head, totalsText(metric)], ...messageRows(metric)];
  return [
    [...head, evidence.decidedBy === undefined ? evidence.verdict : `${evidence.verdict}: ${evidence.decidedBy}`],
    ...(evidence.pod === undefined ? [] : [['', '', { text: `the pod ${evidence.pod}`, tone: 'bad' } as const]]),
    ...evidence.kinds.map((kind): readonly Cell[] => ['', '', kindText(kind)]),
    ...(evidence.gauges ?? []).map((gauge): readonly Cell[] => ['', '', gaugeText(gauge)]),
    ['', '', progressText('rollback', evidence.rollback)],
    ...(evidence.promote === undefined ? [] : [['', '', progressText('promote', evidence.promote)]]),
    ...[...sourceTexts(evidence), ...checkTexts(evidence)].map((text): readonly Cell[] => [
      '',
      '',
      { text, tone: 'dim' },
    ]),
    ...evidence.notes.map((note): readonly Cell[] => ['', '', { text: `note: ${note}`, tone: 'held' }]),
    ...messageRows(metric),
  ];
}

function messageRows({ message = '' }: MetricReport): readonly (readonly Cell[])[] {
  return message === '' ? [] : [['', '', message]];
}

function totalsText({ successful, failed, inconclusive, error, measurements }: MetricReport): string {
  const value = measurements.at(-1)?.value;
  const parts = [
    `${successful} good`,
    `${failed} bad`,
    ...(inconclusive > 0 ? [`${inconclusive} undecided`] : []),
    ...(error > 0 ? [`${error} errors`] : []),
    ...(value === undefined ? [] : [`last ${value}`]),
  ];
  return parts.join(', ');
}

function kindText({ name, unit, canary, stable, limit, margin }: EvidenceReport['kinds'][number]): string {
  const side = ({ bad, total }: typeof canary): string => {
    if (unit !== 'requests') return `${Math.round(bad)} in ${Math.round(total)} pod-seconds`;
    const share = total > 0 ? ` (${percent(bad / total)})` : '';
    return `${Math.round(bad)} of ${Math.round(total)}${share}`;
  };
  const compared = limit === undefined ? `stable ${side(stable)}` : `against a limit of ${percent(limit)}`;
  const widened =
    margin === undefined ? '' : `; up to ${short(margin)} times as many are no harm, as stable itself varies`;
  return `${name}: canary ${side(canary)}, ${compared}${widened}`;
}

function progressText(name: string, { evidence, threshold, requestsNeeded }: EvidenceReport['rollback']): string {
  const share = threshold > 0 ? Math.min(Math.max(evidence / threshold, 0), 1) : 0;
  const full = Math.floor(share * barWidth);
  const bar = `${'█'.repeat(full)}${'░'.repeat(barWidth - full)}`;
  const needed = requestsNeeded === undefined || requestsNeeded <= 0 ? '' : `, about ${requestsNeeded} more requests`;
  return `${name.padEnd(8)} ${bar} ${twoDigits(evidence)} of ${twoDigits(threshold)}${needed}`;
}

function gaugeText({
  name,
  comparisons,
  canaryMean,
  stableMean,
}: NonNullable<EvidenceReport['gauges']>[number]): string {
  if (canaryMean === undefined || stableMean === undefined) return `${name}: not compared yet`;
  const times = comparisons === 1 ? 'once' : `${comparisons} times`;
  return `${name}: canary ${short(canaryMean)} on average, stable ${short(stableMean)}, compared ${times}`;
}

/** What is read, and by whose convention. */
function sourceTexts({ sources }: EvidenceReport): readonly string[] {
  if (sources === undefined) return [];
  const { errors, latency, boundariesSeconds = [], convention, page, hourBefore } = sources;
  const at = boundariesSeconds.length === 0 ? '' : ` at ${boundariesSeconds.join(', ')} s`;
  const parts = [
    ...(errors === undefined ? [] : [errors]),
    ...(latency === undefined ? [] : [`${latency}${at}`]),
    ...(page === undefined ? [] : [`from ${page}`]),
  ];
  return [
    `reads ${parts.join(', ')}${convention === undefined ? '' : ` (${convention})`}`,
    ...(hourBefore === undefined ? [] : [`the hour of stable before: ${hourBefore}`]),
  ];
}

/** What comparing stable pods with each other has shown. */
function checkTexts({ kinds }: EvidenceReport): readonly string[] {
  const check = kinds.find((kind) => kind.check !== undefined)?.check;
  if (check === undefined || check.dispersion === undefined) return [];
  const { isAdmitted, dispersion, information, trials, ratioAlarms, shareAlarms } = check;
  const seen = `dispersion of errors ${dispersion.toFixed(2)}, 1 is independent`;
  const verdict = isAdmitted ? 'the fast test is used' : 'the fast test is not used';
  const progress = information < 1 ? `, ${Math.round(information * 100)} % of what it takes to know` : '';
  const rate = ([low, high]: readonly [number, number]): string => `${percent(low)} to ${percent(high)}`;
  return [
    `stable against stable: ${seen}${progress}; ${verdict}`,
    ...(trials === 0
      ? []
      : [
          `measured false alarms: ${shareAlarms} of ${trials} (${rate(binomialInterval(shareAlarms, trials))}), ` +
            `fast test ${ratioAlarms} of ${trials} (${rate(binomialInterval(ratioAlarms, trials))})`,
        ]),
  ];
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(2))} %`;
}
