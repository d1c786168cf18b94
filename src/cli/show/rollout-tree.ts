import { parseInstant } from '../../base/instant.ts';
import type { AnalysisRunReport } from '../../server/view/analysis-run-report.ts';
import type { ExperimentReport } from '../../server/view/experiment-report.ts';
import type { PodReport } from '../../server/view/pod-report.ts';
import type { ReplicaSetReport, RevisionReport } from '../../server/view/revision-report.ts';
import type { RolloutDetail } from '../../server/view/rollout-detail.ts';
import { ageOf, shortDuration } from './age.ts';
import { evidenceLines } from './evidence-lines.ts';
import { markOf, type Paint } from './style.ts';
import { columns, table, type Cell } from './table.ts';

/** Everything about a Rollout as lines: summary, steps, the tree of its objects, and the evidence of its analyses. */
export function rolloutTree(rollout: RolloutDetail, nowMs: number, paint: Paint): readonly string[] {
  return [
    ...columns(summaryRows(rollout), paint),
    ...section('STEPS', stepLines(rollout, nowMs, paint)),
    '',
    ...table(['NAME', 'KIND', 'STATUS', 'AGE', 'INFO'], treeRows(rollout, nowMs), paint),
    ...rollout.analysisRuns.filter(isOfInterest(rollout)).flatMap((run) => analysisLines(run, paint)),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

function summaryRows(rollout: RolloutDetail): readonly (readonly Cell[])[] {
  const { name, namespace, decision } = rollout;
  return [
    ['Name:', name],
    ['Namespace:', namespace],
    ['Status:', phaseCell(rollout)],
    ...(decision === undefined ? [] : [['Decision:', decision.message]]),
    ['Strategy:', strategyText(rollout)],
    ...workloadRows(rollout),
    ...trafficRows(rollout),
    ...imageRows(rollout),
    ['Pods:', podsText(rollout)],
  ];
}

function workloadRows({ workload }: RolloutDetail): readonly (readonly Cell[])[] {
  if (workload === undefined) return [];
  const { kind, name, found, scaleDown = 'never', replicas } = workload;
  const size = replicas === undefined ? '' : ` with ${replicas} pods of its own`;
  return [['Workload:', found ? `${kind} ${name}${size}, scaled down: ${scaleDown}` : `${kind} ${name}, not found`]];
}

function strategyText({ strategy, step, promoted }: RolloutDetail): string {
  if (step === undefined) return strategy;
  if (promoted || step.index === step.count) return `${strategy}, all ${step.count} steps done`;
  return `${strategy}, step ${step.index + 1} of ${step.count}`;
}

function phaseCell({ phase, message }: RolloutDetail): Cell {
  const { sign, tone } = markOf(phase);
  return { text: `${sign} ${phase}${message === '' ? '' : `: ${message}`}`, tone };
}

function trafficRows({ weights, services, promoted }: RolloutDetail): readonly (readonly Cell[])[] {
  if (weights === undefined) {
    const { active, preview } = services;
    if (active === undefined) return [];
    return [['Services:', `active ${active}${preview === undefined ? '' : `, preview ${preview}`}`]];
  }
  const { canary, stable, wanted, max, verified } = weights;
  if (promoted && canary === 0) return [['Traffic:', 'all to the stable revision']];
  const read = canary === undefined ? 'not read yet' : `canary ${canary}, stable ${stable ?? max - canary}`;
  const unverified = verified === false ? ', not verified yet' : '';
  return [['Traffic:', `${read} of ${max} (canary wanted ${wanted}${unverified})`]];
}

function imageRows({ images }: RolloutDetail): readonly (readonly Cell[])[] {
  return images.map(({ image, roles }, index) => [
    index === 0 ? 'Images:' : '',
    `${image}${roles.length === 0 ? '' : ` (${roles.join(', ')})`}`,
  ]);
}

function podsText({ desired, current, updated, ready, available }: RolloutDetail): string {
  return `${desired} desired, ${current} current, ${updated} updated, ${ready} ready, ${available} available`;
}

const stepMarks = {
  done: { sign: '✔', tone: 'good' },
  current: { sign: '▶', tone: 'busy' },
  pending: { sign: '·', tone: 'dim' },
} as const;

function stepLines({ steps, aborted }: RolloutDetail, nowMs: number, paint: Paint): readonly string[] {
  return steps.map(({ index, text, state, until, message = '' }) => {
    const { sign, tone } = aborted ? stepMarks.pending : stepMarks[state];
    const left = until === undefined ? '' : `, ${leftText(until, nowMs)}`;
    const told = message === '' || aborted ? '' : ` (${message})`;
    return `  ${paint(tone, `${sign} ${index + 1} ${text}${left}${told}`)}`;
  });
}

function leftText(until: string, nowMs: number): string {
  const leftMs = (parseInstant(until) ?? nowMs) - nowMs;
  return leftMs <= 0 ? 'is over' : `${shortDuration(leftMs)} left`;
}

function treeRows(rollout: RolloutDetail, nowMs: number): readonly (readonly Cell[])[] {
  const { revisions } = rollout;
  return [
    row('', rollout.name, 'Rollout', rollout.phase, rollout.createdAt, '', nowMs),
    ...revisions.flatMap((revision, index) =>
      revisionRows(revision, rollout, index === revisions.length - 1 ? end : branch, nowMs),
    ),
  ];
}

/** Signs before a row, and before the rows inside it. */
interface Twig {
  readonly own: string;
  readonly inner: string;
}

const branch: Twig = { own: '├─ ', inner: '│  ' };
const end: Twig = { own: '└─ ', inner: '   ' };

function revisionRows(
  revision: RevisionReport,
  { analysisRuns, experiments }: RolloutDetail,
  twig: Twig,
  nowMs: number,
): readonly (readonly Cell[])[] {
  const { replicaSet } = revision;
  const runs = analysisRuns.filter(({ hash }) => hash === revision.hash);
  const tried = experiments.filter(({ hash }) => hash === revision.hash);
  const title = [`${twig.own}revision ${revision.number}`, '', '', '', revision.roles.join(', ')];
  return [
    title,
    ...(replicaSet === undefined
      ? []
      : replicaSetRows(replicaSet, twig.inner, runs.length + tried.length === 0 ? end : branch, nowMs)),
    ...tried.flatMap((experiment, index) =>
      experimentRows(experiment, twig.inner, runs.length === 0 && index === tried.length - 1 ? end : branch, nowMs),
    ),
    ...runs.map((run, index) => runRow(run, `${twig.inner}${(index === runs.length - 1 ? end : branch).own}`, nowMs)),
  ];
}

function experimentRows(
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

function replicaSetRows(
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

function runRow({ name, phase, createdAt, role, stepIndex }: AnalysisRunReport, prefix: string, nowMs: number): Cell[] {
  const place = stepIndex === undefined ? role : `${role} ${stepIndex + 1}`;
  return row(prefix, name, 'AnalysisRun', phase, createdAt, place, nowMs);
}

function row(
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

/** Runs about the current revision; those of earlier ones are history. */
function isOfInterest({ hash }: RolloutDetail): (run: AnalysisRunReport) => boolean {
  return (run) => run.hash === hash;
}

function analysisLines(run: AnalysisRunReport, paint: Paint): readonly string[] {
  const { sign, tone } = markOf(run.phase);
  const phase = `${sign} ${run.phase}`.trim();
  const message = run.message === '' ? '' : `: ${run.message}`;
  return section(
    `ANALYSIS ${run.name} ${paint(tone, `${phase}${message}`)}`,
    evidenceLines(run, paint).map((line) => `  ${line}`),
  );
}
