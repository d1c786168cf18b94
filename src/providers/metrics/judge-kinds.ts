import type { BadEventRule } from '../../analysis/judge/bad-events.ts';
import type { BadEventKind, JudgeSettings } from '../../analysis/judge/judge-settings.ts';
import type { LatencyMetric, RequestMetric } from '../../analysis/judge/metric-conventions.ts';

/** How much of the attention each kind gets. Only the proportions matter; 0 leaves the kind out. */
export interface KindWeights {
  readonly errors: number;
  readonly latency: number;
  readonly restarts: number;
  readonly gauges: number;
}

/**
 * Gross errors are found within 12 looks as long as their part is at least 0.7: the difference bet then has 24 % of
 * all the capital.
 */
export const commonWeights: KindWeights = { errors: 0.7, latency: 0.25, restarts: 0.05, gauges: 0.3 };

/** What is to be counted, as configured. */
export interface KindRules {
  readonly weights: KindWeights;
  readonly requests: readonly RequestMetric[];
  readonly acceptableRatio: number;
  readonly latency: {
    readonly metrics: readonly LatencyMetric[];
    /** Absent: several boundaries that are found on the pages, without a part in promotion. */
    readonly boundarySeconds?: number;
    readonly acceptableRatio: number;
  };
}

/** What was found out about the pages; kept for the whole observation, so that nothing is counted in two ways. */
export type Sources = Readonly<Record<string, string>>;

/** What the judge counts and how it judges it, once something is known of the pages. */
export interface Counted {
  readonly rules: readonly BadEventRule[];
  readonly kinds: readonly BadEventKind[];
  /** True when latency is still looked for. */
  readonly isIncomplete: boolean;
}

/** Name of the source under which the boundaries are kept, in seconds with commas between. */
export const boundariesSource = 'boundaries';

/** Rules and kinds of an observation. */
export function countedKinds({ weights, requests, acceptableRatio, latency }: KindRules, sources: Sources): Counted {
  const rules: BadEventRule[] = [];
  const kinds: BadEventKind[] = [];
  if (weights.errors > 0) {
    rules.push({ kind: 'status', name: 'errors', metrics: requests });
    kinds.push({ name: 'errors', weight: weights.errors, unit: 'requests', acceptableRatio });
  }
  const boundaries = boundariesOf(latency, sources);
  for (const [name, boundarySeconds] of weights.latency > 0 ? boundaries : []) {
    rules.push({ kind: 'latency', name, metrics: latency.metrics, boundarySeconds });
    const promotion = latency.boundarySeconds === undefined ? {} : { acceptableRatio: latency.acceptableRatio };
    kinds.push({ name, weight: weights.latency / boundaries.length, unit: 'requests', ...promotion });
  }
  if (weights.restarts > 0) kinds.push({ name: 'restarts', weight: weights.restarts, unit: 'podSeconds' });
  return { rules, kinds, isIncomplete: boundaries.length === 0 && weights.latency > 0 };
}

/** The settings with the kinds that are counted. */
export function settingsWith(settings: JudgeSettings, { kinds }: Counted): JudgeSettings {
  return { ...settings, kinds };
}

/** The name under which a rule's metric is kept: all boundaries are of one histogram. */
export function sourceOf(rule: BadEventRule): string {
  return rule.kind === 'latency' ? 'latency' : rule.name;
}

function boundariesOf(
  { boundarySeconds }: KindRules['latency'],
  sources: Sources,
): readonly (readonly [name: string, boundarySeconds: number])[] {
  if (boundarySeconds !== undefined) return [['latency', boundarySeconds]];
  return (sources[boundariesSource] ?? '')
    .split(',')
    .map(Number)
    .filter((bound) => Number.isFinite(bound) && bound > 0)
    .map((bound) => [`latency > ${bound} s`, bound]);
}
