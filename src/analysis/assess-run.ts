import type { AnalysisPhase, AnalysisRunStatus, MetricResult, RunSummary } from '../api/analysis-run.ts';
import type { Metric } from '../api/analysis-template.ts';
import { assessMetric, effectiveCount, exceededLimit, isCompleted } from './assess.ts';

/** What the phase of a run is found from. */
export interface RunFacts {
  /** With arguments filled in. */
  readonly metrics: readonly Metric[];
  readonly results: readonly MetricResult[];
  /** Names of the metrics that do not count. */
  readonly dryRun: ReadonlySet<string>;
  /** `spec.terminate`. */
  readonly terminate: boolean;
}

/** Phases of the metrics and of the run. The message is empty unless there is something to say about the verdict. */
export type RunAssessment = Required<Pick<AnalysisRunStatus, 'message' | 'runSummary' | 'dryRunSummary'>> & {
  readonly phase: AnalysisPhase;
  readonly results: readonly MetricResult[];
};

/**
 * Assesses all metrics once. A metric that ends now with anything but success stops the others, but only in the next
 * assessment, so that all results of one moment are taken in.
 */
export function assessRun(facts: RunFacts): RunAssessment {
  const terminating = isTerminating(facts.terminate, facts.results);
  const assessed = facts.metrics.map((metric) => assessOne(metric, facts, terminating));
  const results = facts.results.map(
    (result) => assessed.find((candidate) => candidate.result?.name === result.name)?.result ?? result,
  );
  const counting = assessed.filter(({ metric }) => !facts.dryRun.has(metric.name));
  const summaries = {
    runSummary: summarise(counting),
    dryRunSummary: summarise(assessed.filter(({ metric }) => facts.dryRun.has(metric.name))),
  };
  if (!isEverythingDone(assessed, counting, terminating)) {
    return { phase: 'Running', message: '', results, ...summaries };
  }
  return { ...verdict(counting, facts.terminate), results, ...summaries };
}

/** True when no further measurement is started: the run was told to end, or a metric that counts has ended badly. */
export function isTerminating(terminate: boolean, results: readonly MetricResult[]): boolean {
  const isBad = ({ phase, dryRun }: MetricResult): boolean =>
    dryRun !== true && (phase === 'Failed' || phase === 'Error' || phase === 'Inconclusive');
  return terminate || results.some(isBad);
}

interface AssessedMetric {
  readonly metric: Metric;
  /** Undefined before the first measurement. */
  readonly result: MetricResult | undefined;
}

function assessOne(metric: Metric, facts: RunFacts, terminating: boolean): AssessedMetric {
  const result = facts.results.find(({ name }) => name === metric.name);
  if (result === undefined) return { metric, result };
  const phase = assessMetric(metric, result, terminating);
  const message = phase === result.phase ? result.message : (result.measurements?.at(-1)?.message ?? '');
  const limit = isCompleted(phase) ? exceededLimit(metric, result) : undefined;
  const isDryRunVerdict = limit !== undefined && facts.dryRun.has(metric.name);
  const text = isDryRunVerdict ? `Metric assessed ${phase} due to ${limit.message}` : (message ?? '');
  const { message: _, ...rest } = result;
  return { metric, result: { ...rest, phase, ...(text === '' ? {} : { message: text }) } };
}

/**
 * A metric that does not count and has no end of its own is not waited for: else a run of which everything that counts
 * is decided would go on for ever.
 */
function isEverythingDone(
  assessed: readonly AssessedMetric[],
  counting: readonly AssessedMetric[],
  terminating: boolean,
): boolean {
  const isDone = ({ result }: AssessedMetric): boolean =>
    result === undefined ? terminating : isCompleted(result.phase);
  if (counting.length === 0) return assessed.every(isDone);
  if (!counting.every(isDone)) return false;
  return assessed.every((one) => isDone(one) || (!counting.includes(one) && effectiveCount(one.metric) === undefined));
}

/** The worst phase of the metrics that count; of several equally bad ones the first one is named. */
function verdict(
  counting: readonly AssessedMetric[],
  terminate: boolean,
): { readonly phase: AnalysisPhase; readonly message: string } {
  let worst: AssessedMetric | undefined;
  let message = terminate ? 'Run Terminated' : '';
  for (const one of counting) {
    if (badnessOf(one) <= badnessOf(worst)) continue;
    worst = one;
    message = explanation(one) ?? message;
  }
  const phase = worst?.result?.phase ?? '';
  return { phase: isCompleted(phase) ? phase : 'Successful', message };
}

const badnessByPhase: ReadonlyMap<string, number> = new Map([
  ['Successful', 1],
  ['Inconclusive', 2],
  ['Error', 3],
  ['Failed', 4],
]);

function badnessOf(metric: AssessedMetric | undefined): number {
  return badnessByPhase.get(metric?.result?.phase ?? '') ?? 0;
}

/** Why a metric has ended as it has; undefined when no limit of it was exceeded. */
function explanation({ metric, result }: AssessedMetric): string | undefined {
  const limit = result === undefined ? undefined : exceededLimit(metric, result);
  if (result === undefined || limit === undefined) return undefined;
  const cause = (result.message ?? '') === '' ? '' : `: "Error Message: ${result.message}"`;
  return `Metric "${metric.name}" assessed ${result.phase} due to ${limit.message}${cause}`;
}

/** Counts metrics by phase; a phase that no metric has is left out. */
function summarise(metrics: readonly AssessedMetric[]): RunSummary {
  const countOf = (phase: AnalysisPhase): number => metrics.filter(({ result }) => result?.phase === phase).length;
  const counts = {
    count: metrics.length,
    successful: countOf('Successful'),
    failed: countOf('Failed'),
    inconclusive: countOf('Inconclusive'),
    error: countOf('Error'),
  };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}
