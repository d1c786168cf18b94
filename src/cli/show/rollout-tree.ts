import type { AnalysisRunReport } from '../../server/view/analysis-run-report.ts';
import type { RevisionReport } from '../../server/view/revision-report.ts';
import type { RolloutDetail } from '../../server/view/rollout-detail.ts';
import { evidenceLines } from './evidence-lines.ts';
import { markOf, type Paint } from './style.ts';
import { columns, table, type Cell } from './table.ts';
import {
  branch,
  end,
  experimentRows,
  leftText,
  replicaSetRows,
  row,
  section,
  treeHeader,
  type Twig,
} from './tree-rows.ts';

/** Everything about a Rollout as lines: summary, steps, the tree of its objects, and the evidence of its analyses. */
export function rolloutTree(rollout: RolloutDetail, nowMs: number, paint: Paint): readonly string[] {
  return [
    ...columns(summaryRows(rollout), paint),
    ...section('STEPS', stepLines(rollout, nowMs, paint)),
    '',
    ...table(treeHeader, treeRows(rollout, nowMs), paint),
    ...rollout.analysisRuns.filter(isOfInterest(rollout)).flatMap((run) => analysisLines(run, paint)),
  ];
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
    ...routeRows(rollout),
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
  const { canary, stable, wanted, max, verified, additional = [] } = weights;
  if (promoted && canary === 0) return [['Traffic:', 'all to the stable revision']];
  const others = additional.map(({ service, weight }) => `${service} ${weight}, `).join('');
  const read = canary === undefined ? 'not read yet' : `canary ${canary}, ${others}stable ${stable ?? max - canary}`;
  const unverified = verified === false ? ', not verified yet' : '';
  return [['Traffic:', `${read} of ${max} (canary wanted ${wanted}${unverified})`]];
}

/** Routes that lead to the canary beside its share. */
function routeRows({ routes }: RolloutDetail): readonly (readonly Cell[])[] {
  return routes.map(({ name, kind, matches, percentage }, index) => {
    const share = kind === 'header' ? 'to the canary' : `${percentage ?? 100} % copied to the canary`;
    return [index === 0 ? 'Routes:' : '', `${name}: ${matches.join(' or ')}, ${share}`];
  });
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

function treeRows(rollout: RolloutDetail, nowMs: number): readonly (readonly Cell[])[] {
  const { revisions } = rollout;
  return [
    row('', rollout.name, 'Rollout', rollout.phase, rollout.createdAt, '', nowMs),
    ...revisions.flatMap((revision, index) =>
      revisionRows(revision, rollout, index === revisions.length - 1 ? end : branch, nowMs),
    ),
  ];
}

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

function runRow({ name, phase, createdAt, role, stepIndex }: AnalysisRunReport, prefix: string, nowMs: number): Cell[] {
  const place = stepIndex === undefined ? role : `${role} ${stepIndex + 1}`;
  return row(prefix, name, 'AnalysisRun', phase, createdAt, place, nowMs);
}

/** Runs about the current revision; those of earlier ones are history. */
function isOfInterest({ hash }: RolloutDetail): (run: AnalysisRunReport) => boolean {
  return (run) => run.hash === hash;
}

/** What the metrics of a run say, under its name. */
export function analysisLines(run: AnalysisRunReport, paint: Paint): readonly string[] {
  const { sign, tone } = markOf(run.phase);
  const phase = `${sign} ${run.phase}`.trim();
  const message = run.message === '' ? '' : `: ${run.message}`;
  return section(
    `ANALYSIS ${run.name} ${paint(tone, `${phase}${message}`)}`,
    evidenceLines(run, paint).map((line) => `  ${line}`),
  );
}
