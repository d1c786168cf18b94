import {
  countEvents,
  findMetric,
  sampleNames,
  type BadEventRule,
  type EventCounters,
  type RuleMetric,
} from '../../analysis/judge/bad-events.ts';
import type { Sample } from '../../analysis/judge/exposition-line.ts';
import { parseExposition } from '../../analysis/judge/exposition.ts';
import type { MetricResponse, MetricTarget, MetricWindow } from './contract.ts';
import { sourceOf, type Sources } from './judge-kinds.ts';

/** The metric page of one pod at one time, as far as the rules need it. */
export interface Page {
  readonly target: MetricTarget;
  readonly atMs: number;
  readonly samples: readonly Sample[];
}

/** Reads the answers of the ready pods. A pod without a readable page is told of in the notes. */
export function readPages(
  names: ReadonlySet<string>,
  window: MetricWindow,
  responses: readonly MetricResponse[],
): { readonly pages: readonly Page[]; readonly notes: readonly string[] } {
  const responseById = new Map(responses.map((response) => [response.id, response]));
  const pages: Page[] = [];
  const notes: string[] = [];
  for (const target of window.targets) {
    if (!target.ready) continue;
    const samples = readSamples(responseById.get(target.pod), (name) => names.has(name));
    if (typeof samples === 'string') notes.push(`${target.pod}: ${samples}`);
    else pages.push({ target, atMs: window.nowMs, samples });
  }
  return { pages, notes };
}

/** Names of the samples that the rules may read: of the chosen metric, or of all that may be chosen. */
export function wantedNames(rules: readonly BadEventRule[], sources: Sources): ReadonlySet<string> {
  return new Set(rules.flatMap((rule) => metricsOf(rule, sources).flatMap((metric) => [...sampleNames(rule, metric)])));
}

/** The samples, or why there are none. */
function readSamples(
  response: MetricResponse | undefined,
  keep: (name: string) => boolean,
): readonly Sample[] | string {
  if (response === undefined) return 'was not asked';
  if (response.kind === 'failure') return `could not be read: ${response.message}`;
  if (response.status !== 200) return `answered its metrics with HTTP status ${response.status}`;
  const isOpenMetrics = /^\s*application\/openmetrics-text\b/i.test(response.contentType);
  const page = parseExposition(response.body, { format: isOpenMetrics ? 'openMetrics' : 'text', keep });
  return page.ok ? page.value.samples : `its metrics cannot be read: line ${page.error.line}: ${page.error.message}`;
}

function metricsOf(rule: BadEventRule, sources: Sources): readonly RuleMetric[] {
  const chosen = rule.metrics.filter(({ name }) => name === sources[sourceOf(rule)]);
  return chosen.length > 0 ? chosen : rule.metrics;
}

/** The counters of one rule on all pages. */
export interface RuleCounts {
  readonly source: RuleMetric | undefined;
  readonly counters: readonly { readonly page: Page; readonly counters: EventCounters }[];
  readonly notes: readonly string[];
}

/**
 * Counts one rule on all pages by one and the same metric. When one page cannot be counted as the rule says, none is: a
 * comparison of pods that count differently would mean nothing.
 */
export function countRule(rule: BadEventRule, source: string | undefined, pages: readonly Page[]): RuleCounts {
  const metric = [...rule.metrics].find(({ name }) => name === source) ?? preferredMetric(rule, pages);
  if (metric === undefined)
    return { source: metric, counters: [], notes: pages.length > 0 ? [absentNote(rule, pages)] : [] };
  const counters = [];
  for (const page of pages) {
    const counted = countEvents(rule, metric.name, page.samples);
    if (!counted.ok) return refuseRule(rule, metric, `${page.target.pod}: ${counted.error}`);
    counters.push({ page, counters: counted.value });
  }
  return { source: metric, counters, notes: sideNotes(rule, metric, counters) };
}

/** The first metric in the order of preference that any page has. */
export function preferredMetric(rule: BadEventRule, pages: readonly Page[]): RuleMetric | undefined {
  const found = new Set(pages.map(({ samples }) => findMetric(rule, samples)));
  return [...rule.metrics].find((metric) => found.has(metric));
}

function refuseRule(rule: BadEventRule, metric: RuleMetric, reason: string): RuleCounts {
  return { source: metric, counters: [], notes: [`${rule.name} cannot be compared: ${reason}`] };
}

function absentNote(rule: BadEventRule, pages: readonly Page[]): string {
  for (const metric of rule.metrics) {
    for (const { target, samples } of pages) {
      const counted = countEvents(rule, metric.name, samples);
      if (!counted.ok) return `${rule.name} cannot be counted: ${target.pod}: ${counted.error}`;
    }
  }
  const [only, ...others] = rule.metrics;
  if (only !== undefined && others.length === 0) return `${rule.name}: no pod has series of ${only.name} yet`;
  const conventions = new Set(rule.metrics.map(({ convention }) => convention));
  const known = [...conventions].join(', ');
  return `${rule.name}: no pod has series of a known convention; name the right metric, or use ${known}`;
}

function sideNotes(rule: BadEventRule, metric: RuleMetric, counters: RuleCounts['counters']): readonly string[] {
  return (['canary', 'stable'] as const)
    .filter((role) => {
      const side = counters.filter(({ page }) => page.target.role === role);
      return side.length > 0 && side.every((one) => one.counters.size === 0);
    })
    .map((role) => `${rule.name}: no ${role} pod has series of ${metric.name} yet`);
}
