import type { MetricResult } from '../../src/api/analysis-run.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import type { Difference } from './difference.ts';
import type { AnalysisInput } from './run-analysis.ts';

/** The expected part of a case of analysis-assess.json, as far as the differences look at it. */
export interface AnalysisExpected {
  readonly final?: { readonly message?: string; readonly metricResults?: Readonly<Record<string, MetricResult>> };
}

type RunInput = AnalysisInput & { readonly kind: 'run' };

const whenRun =
  (applies: (input: RunInput, expected: AnalysisExpected) => boolean) =>
  (input: AnalysisInput, expected: AnalysisExpected): boolean =>
    input.kind === 'run' && applies(input, expected);

/** In what ours differs from the recorded assessment of runs, and why. */
export const analysisDifferences: readonly Difference<AnalysisInput, AnalysisExpected>[] = [
  {
    name: 'own words for an invalid specification',
    reason:
      'Ours names the field, the value and what would be right. The phase, and that nothing is measured, are the same.',
    fields: ['final.message', 'passes.*.message'],
    applies: whenRun((_, { final }) => final?.message?.startsWith('Analysis spec invalid: ') === true),
  },
  {
    name: 'a metric out of measurements is no success in the summary',
    reason:
      'The reference counts a metric as successful in the summary when none of its limits was exceeded, although its phase ' +
      'is Inconclusive or Failed because it ran out of measurements before the successes it needs (bug class E).',
    fields: ['final.runSummary', 'final.dryRunSummary'],
    applies: whenRun(({ spec }, { final }) =>
      spec.metrics.some((metric) => ranOut(metric, final?.metricResults?.[metric.name])),
    ),
  },
  {
    name: 'an endless metric that does not count is not waited for',
    reason: 'Appendix D: in the reference it keeps the run going for ever, and with it the step of the Rollout.',
    fields: ['final', 'passes'],
    applies: whenRun(({ spec }) => {
      const isDryRun = ({ name }: Metric): boolean =>
        (spec.dryRun ?? []).some(({ metricName }) => new RegExp(metricName).test(name));
      return spec.metrics.some((metric) => isDryRun(metric) && isEndless(metric)) && !spec.metrics.every(isDryRun);
    }),
  },
  {
    name: 'a running measurement without a time is looked at again',
    reason: 'Appendix D: in the reference nobody ever looks at it again, and the run never ends.',
    fields: ['final', 'passes'],
    applies: whenRun(({ script }) =>
      Object.values(script)
        .flat()
        .some(({ phase, resumeAfterSeconds }) => phase === 'Running' && resumeAfterSeconds === undefined),
    ),
  },
  {
    name: 'no data is no success',
    reason:
      'A condition that does not speak of missing data, or no condition at all, cannot make a success of it; the reference ' +
      'lets such a measurement pass (bug class E; invariant I13).',
    fields: ['final', 'passes'],
    applies: whenRun(({ spec, script }) =>
      spec.metrics.some(
        (metric) =>
          (script[metric.name] ?? []).some(({ result }) => isEmpty(result)) &&
          !/default|isNil|nil|len|count|\?\?/.test(`${metric.successCondition} ${metric.failureCondition}`),
      ),
    ),
  },
];

function isEndless({ count, interval = '' }: Metric): boolean {
  return interval !== '' && (count === undefined || Number(count) === 0);
}

function isEmpty(result: unknown): boolean {
  return result === null || (Array.isArray(result) && result.length === 0);
}

function ranOut(metric: Metric, result: MetricResult | undefined): boolean {
  if (result === undefined || Number(metric.consecutiveSuccessLimit ?? 0) <= 0) return false;
  return (result.phase === 'Inconclusive' || result.phase === 'Failed') && result.count === Number(metric.count);
}
