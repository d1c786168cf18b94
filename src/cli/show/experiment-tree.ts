import type { ExperimentDetail } from '../../server/view/experiment-detail.ts';
import { analysisLines } from './rollout-tree.ts';
import { markOf, type Paint } from './style.ts';
import { columns, table, type Cell } from './table.ts';
import { end, experimentRows, leftText, section, treeHeader } from './tree-rows.ts';

/** An Experiment as lines: summary, the tree of its objects, and the evidence of its analyses. */
export function experimentTree(experiment: ExperimentDetail, nowMs: number, paint: Paint): readonly string[] {
  return [
    ...columns(summaryRows(experiment, nowMs), paint),
    '',
    ...table(treeHeader, experimentRows(experiment, '', { ...end, own: '', inner: '' }, nowMs), paint),
    ...experiment.analysisRuns.flatMap((run) => analysisLines(run, paint)),
  ];
}

/** The same with what is said about each template and analysis, and with its conditions. */
export function describeExperiment(experiment: ExperimentDetail, nowMs: number, paint: Paint): readonly string[] {
  const { templates, analyses, conditions } = experiment;
  return [
    ...experimentTree(experiment, nowMs, paint),
    ...section('TEMPLATES', indented(columns(templateRows(templates), paint))),
    ...(analyses.length === 0 ? [] : section('ANALYSES', indented(columns(analysisRows(analyses), paint)))),
    ...(conditions.length === 0 ? [] : section('CONDITIONS', indented(columns(conditionRows(conditions), paint)))),
  ];
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

function summaryRows(experiment: ExperimentDetail, nowMs: number): readonly (readonly Cell[])[] {
  const { name, namespace, phase, message, rollout, revision, endsAt, terminating, hash } = experiment;
  const { sign, tone } = markOf(phase);
  const text = `${sign} ${phase || 'not begun'}${message === '' ? '' : `: ${message}`}`;
  const step = `${rollout ?? ''}${revision === undefined ? '' : `, revision ${revision}`}${hash === '' ? '' : ` (${hash})`}`;
  const isRunning = phase === 'Running' && endsAt !== undefined;
  return [
    ['Name:', name],
    ['Namespace:', namespace],
    ['Status:', { text: `${text}${terminating ? ', to be terminated' : ''}`, tone }],
    ...(rollout === undefined ? [] : [['Rollout:', step]]),
    ...(isRunning ? [['Time:', leftText(endsAt, nowMs)]] : []),
  ];
}

function templateRows(templates: ExperimentDetail['templates']): readonly (readonly Cell[])[] {
  return [
    ['NAME', 'STATUS', 'AVAILABLE', 'SERVICE', 'MESSAGE'],
    ...templates.map(({ name, status, available, desired, service, message }): readonly Cell[] => [
      name,
      { text: status || '-', tone: markOf(status).tone },
      `${available}/${desired}`,
      service ?? '-',
      message,
    ]),
  ];
}

function analysisRows(analyses: ExperimentDetail['analyses']): readonly (readonly Cell[])[] {
  return [
    ['NAME', 'STATUS', 'REQUIRED', 'RUN', 'MESSAGE'],
    ...analyses.map(({ name, run, phase, required, message }): readonly Cell[] => [
      name,
      { text: phase || '-', tone: markOf(phase).tone },
      required ? 'yes' : 'no',
      run || '-',
      message,
    ]),
  ];
}

function conditionRows(conditions: ExperimentDetail['conditions']): readonly (readonly Cell[])[] {
  return [
    ['TYPE', 'STATUS', 'REASON', 'MESSAGE'],
    ...conditions.map(({ type, status, reason, message }): readonly Cell[] => [type, status, reason, message]),
  ];
}
