import { parseInstant } from '../../base/instant.ts';
import type { ExperimentReport } from '../../server/view/experiment-report.ts';
import type { PodReport } from '../../server/view/pod-report.ts';
import type { ReplicaSetReport } from '../../server/view/revision-report.ts';
import { ageOf, shortDuration } from './age.ts';
import { markOf } from './style.ts';
import type { Cell } from './table.ts';

/** The header over the rows of a tree. */
export const treeHeader = ['NAME', 'KIND', 'STATUS', 'AGE', 'INFO'] as const;

/** Signs before a row, and before the rows inside it. */
export interface Twig {
  readonly own: string;
  readonly inner: string;
}

/** The sign of a row that others follow. */
export const branch: Twig = { own: '├─ ', inner: '│  ' };
/** The sign of the last row. */
export const end: Twig = { own: '└─ ', inner: '   ' };

/** One row of a tree. */
export function row(
  prefix: string,
  name: string,
  kind: string,
  status: string,
  createdAt: string,
  info: string,
  nowMs: number,
): Cell[] {
  const { sign, tone } = markOf(status);
  return [`${prefix}${name}`, kind, { text: `${sign} ${status}`.trim(), tone }, ageOf(createdAt, nowMs), info];
}

/** An Experiment with its ReplicaSets, their pods, and its runs. */
export function experimentRows(
  experiment: ExperimentReport,
  prefix: string,
  twig: Twig,
  nowMs: number,
): readonly (readonly Cell[])[] {
  const { name, phase, createdAt, templates, analyses, endsAt } = experiment;
  const left = endsAt === undefined || phase !== 'Running' ? '' : leftText(endsAt, nowMs);
  const inner = `${prefix}${twig.inner}`;
  const sets = templates.flatMap(({ replicaSet }) => replicaSet ?? []);
  const started = analyses.filter(({ run }) => run !== '');
  const runs = started.map(({ run, phase: runPhase, required }, index) => {
    const own = index === started.length - 1 ? end.own : branch.own;
    return row(`${inner}${own}`, run, 'AnalysisRun', runPhase, '', required ? 'required' : '', nowMs).with(3, '');
  });
  return [
    row(`${prefix}${twig.own}`, name, 'Experiment', phase, createdAt, left, nowMs),
    ...sets.flatMap((set, index) =>
      replicaSetRows(set, inner, runs.length === 0 && index === sets.length - 1 ? end : branch, nowMs),
    ),
    ...runs,
  ];
}

/** A ReplicaSet with its pods. */
export function replicaSetRows(
  replicaSet: ReplicaSetReport,
  prefix: string,
  twig: Twig,
  nowMs: number,
): readonly (readonly Cell[])[] {
  const { name, status, createdAt, pods } = replicaSet;
  return [
    row(`${prefix}${twig.own}`, name, 'ReplicaSet', status, createdAt, replicaSetInfo(replicaSet, nowMs), nowMs),
    ...pods.map((pod, index) =>
      podRow(pod, `${prefix}${twig.inner}${(index === pods.length - 1 ? end : branch).own}`, nowMs),
    ),
  ];
}

function replicaSetInfo({ available, desired, scaleDownAt, message }: ReplicaSetReport, nowMs: number): string {
  const goes = scaleDownAt === undefined ? undefined : (parseInstant(scaleDownAt) ?? nowMs) - nowMs;
  return [
    desired === 0 ? '' : `available ${available}/${desired}`,
    goes === undefined ? '' : `goes in ${shortDuration(goes)}`,
    message ?? '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function podRow(
  { name, status, ready, readyContainers, containers, restarts = 0, createdAt }: PodReport,
  prefix: string,
  nowMs: number,
): readonly Cell[] {
  const info = `ready ${readyContainers}/${containers}${restarts > 0 ? `, restarts ${restarts}` : ''}`;
  const shown = row(prefix, name, 'Pod', status, createdAt, info, nowMs);
  // A pod that runs is good only when it gets traffic.
  return ready && status === 'Running' ? shown.with(2, { text: '✔ Running', tone: 'good' }) : shown;
}

/** How long it is until a time. */
export function leftText(until: string, nowMs: number): string {
  const leftMs = (parseInstant(until) ?? nowMs) - nowMs;
  return leftMs <= 0 ? 'is over' : `${shortDuration(leftMs)} left`;
}

/** Lines under a title, after an empty line; nothing without lines. */
export function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}
