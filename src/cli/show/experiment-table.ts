import type { ExperimentReport } from '../../server/view/experiment-report.ts';
import { ageOf } from './age.ts';
import type { ListShape } from './rollout-table.ts';
import { markOf } from './style.ts';
import type { Cell } from './table.ts';

/** The header of a list of Experiments. */
export function experimentHeader({ isWide, hasNamespaces }: ListShape): readonly string[] {
  return [
    ...(hasNamespaces ? ['NAMESPACE'] : []),
    'NAME',
    'STATUS',
    'TEMPLATES',
    'ANALYSES',
    'ROLLOUT',
    'REVISION',
    'AGE',
    ...(isWide ? ['MESSAGE'] : []),
  ];
}

/** An Experiment in such a list. */
export function experimentRow(
  experiment: ExperimentReport,
  { isWide, hasNamespaces }: ListShape,
  nowMs: number,
): readonly Cell[] {
  const { name, namespace, phase, templates, analyses, rollout, revision, createdAt, message } = experiment;
  const running = templates.filter(({ status }) => status === 'Running' || status === 'Successful').length;
  const passed = analyses.filter((analysis) => analysis.phase === 'Successful').length;
  return [
    ...(hasNamespaces ? [namespace] : []),
    name,
    { text: phase || '-', tone: markOf(phase).tone },
    `${running}/${templates.length}`,
    analyses.length === 0 ? '-' : `${passed}/${analyses.length}`,
    rollout ?? '-',
    revision === undefined ? '-' : String(revision),
    ageOf(createdAt, nowMs),
    ...(isWide ? [message || '-'] : []),
  ];
}
