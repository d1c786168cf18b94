import type { AnalysisRunReport } from '../../server/view/analysis-run-report.ts';
import { ageOf } from './age.ts';
import { evidenceLines } from './evidence-lines.ts';
import { evidencePlot } from './evidence-plot.ts';
import type { ListShape } from './rollout-table.ts';
import { markOf, type Paint } from './style.ts';
import { columns, type Cell } from './table.ts';

/** The header of a list of AnalysisRuns. */
export function analysisRunHeader({ isWide, hasNamespaces }: ListShape): readonly string[] {
  return [
    ...(hasNamespaces ? ['NAMESPACE'] : []),
    'NAME',
    'STATUS',
    'ROLE',
    'ROLLOUT',
    'REVISION',
    'AGE',
    ...(isWide ? ['MESSAGE'] : []),
  ];
}

/** An AnalysisRun in such a list. */
export function analysisRunRow(
  run: AnalysisRunReport,
  { isWide, hasNamespaces }: ListShape,
  nowMs: number,
): readonly Cell[] {
  const { name, namespace, phase, role, rollout, revision, createdAt, message } = run;
  return [
    ...(hasNamespaces ? [namespace] : []),
    name,
    { text: phase || '-', tone: markOf(phase).tone },
    role || '-',
    rollout ?? '-',
    revision === undefined ? '-' : String(revision),
    ageOf(createdAt, nowMs),
    ...(isWide ? [message || '-'] : []),
  ];
}

/** Everything about one AnalysisRun. */
export function describeAnalysisRun(run: AnalysisRunReport, nowMs: number, paint: Paint): readonly string[] {
  const { sign, tone } = markOf(run.phase);
  const message = run.message === '' ? '' : `: ${run.message}`;
  const rows: readonly (readonly Cell[])[] = [
    ['Name:', run.name],
    ['Namespace:', run.namespace],
    ['Status:', { text: `${sign} ${run.phase}${message}`.trim(), tone }],
    ['Role:', `${run.role || '-'}${run.stepIndex === undefined ? '' : ` ${run.stepIndex + 1}`}`],
    [
      'Rollout:',
      `${run.rollout ?? '-'}${run.revision === undefined ? '' : `, revision ${run.revision} (${run.hash})`}`,
    ],
    ['Age:', ageOf(run.createdAt, nowMs)],
    ...(run.startedAt === undefined ? [] : [['Started:', run.startedAt]]),
    ...(run.completedAt === undefined ? [] : [['Completed:', run.completedAt]]),
  ];
  return [
    ...columns(rows, paint),
    '',
    'METRICS',
    ...evidenceLines(run, paint).map((line) => `  ${line}`),
    ...plotLines(run, paint),
    ...measurementLines(run, paint),
  ];
}

/** How the evidence of each judged metric went. */
function plotLines({ metrics }: AnalysisRunReport, paint: Paint): readonly string[] {
  return metrics.flatMap(({ name, evidence }) => {
    const plot = evidence === undefined ? [] : evidencePlot(evidence, paint);
    return plot.length === 0 ? [] : ['', `  ${name}: ${plot[0] ?? ''}`, ...plot.slice(1).map((line) => `  ${line}`)];
  });
}

function measurementLines({ metrics }: AnalysisRunReport, paint: Paint): readonly string[] {
  const rows = metrics.flatMap(({ name, measurements }) =>
    measurements.map(({ phase, value = '', startedAt = '', message = '' }): readonly Cell[] => [
      `  ${name}`,
      startedAt,
      { text: phase, tone: markOf(phase).tone },
      value,
      message,
    ]),
  );
  if (rows.length === 0) return [];
  return ['', ...columns([['  METRIC', 'STARTED', 'PHASE', 'VALUE', 'MESSAGE'], ...rows], paint)];
}
