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
    [...head, evidence.verdict],
    ...evidence.kinds.map((kind): readonly Cell[] => ['', '', kindText(kind)]),
    ['', '', progressText('rollback', evidence.rollback)],
    ...(evidence.promote === undefined ? [] : [['', '', progressText('promote', evidence.promote)]]),
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

function kindText({ name, unit, canary, stable, limit }: EvidenceReport['kinds'][number]): string {
  const side = ({ bad, total }: typeof canary): string => {
    if (unit !== 'requests') return `${Math.round(bad)} in ${Math.round(total)} pod-seconds`;
    const share = total > 0 ? ` (${percent(bad / total)})` : '';
    return `${Math.round(bad)} of ${Math.round(total)}${share}`;
  };
  const compared = limit === undefined ? `stable ${side(stable)}` : `against a limit of ${percent(limit)}`;
  return `${name}: canary ${side(canary)}, ${compared}`;
}

function progressText(name: string, { evidence, threshold, requestsNeeded }: EvidenceReport['rollback']): string {
  const share = threshold > 0 ? Math.min(Math.max(evidence / threshold, 0), 1) : 0;
  const full = Math.floor(share * barWidth);
  const bar = `${'█'.repeat(full)}${'░'.repeat(barWidth - full)}`;
  const needed = requestsNeeded === undefined || requestsNeeded <= 0 ? '' : `, about ${requestsNeeded} more requests`;
  return `${name.padEnd(8)} ${bar} ${evidence.toFixed(2)} of ${threshold.toFixed(2)}${needed}`;
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(2))} %`;
}
