import {
  countEvents,
  findMetric,
  sampleName,
  type BadEventRule,
  type EventCounters,
} from '../../analysis/judge/bad-events.ts';
import type { Sample } from '../../analysis/judge/exposition-line.ts';
import { parseExposition } from '../../analysis/judge/exposition.ts';
import type { SeriesSelector } from '../../analysis/judge/series-selector.ts';
import type { MetricResponse, MetricTarget, MetricWindow } from './contract.ts';

/** The metric page of one pod, as far as the rules need it. */
export interface Page {
  readonly target: MetricTarget;
  readonly samples: readonly Sample[];
}

/** Name of the metric that each rule reads, once one was found; it is never changed within an observation. */
export type Sources = Readonly<Record<string, string>>;

/** Reads the answers of the ready pods. A pod without a readable page is told of in the notes. */
export function readPages(
  rules: readonly BadEventRule[],
  sources: Sources,
  window: MetricWindow,
  responses: readonly MetricResponse[],
): { readonly pages: readonly Page[]; readonly notes: readonly string[] } {
  const wanted = new Set(rules.flatMap((rule) => metricsOf(rule, sources).map((metric) => sampleName(rule, metric))));
  const responseById = new Map(responses.map((response) => [response.id, response]));
  const pages: Page[] = [];
  const notes: string[] = [];
  for (const target of window.targets) {
    if (!target.ready) continue;
    const samples = readSamples(responseById.get(target.pod), (name) => wanted.has(name));
    if (typeof samples === 'string') notes.push(`${target.pod}: ${samples}`);
    else pages.push({ target, samples });
  }
  return { pages, notes };
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

function metricsOf(rule: BadEventRule, sources: Sources): readonly SeriesSelector[] {
  const chosen = rule.metrics.filter(({ name }) => name === sources[rule.name]);
  return chosen.length > 0 ? chosen : rule.metrics;
}

/** The counters of one rule on all pages. */
export interface RuleCounts {
  readonly source: string | undefined;
  readonly counters: readonly { readonly target: MetricTarget; readonly counters: EventCounters }[];
  readonly notes: readonly string[];
}

/**
 * Counts one rule on all pages by one and the same metric. When one page cannot be counted as the rule says, none is: a
 * comparison of pods that count differently would mean nothing.
 */
export function countRule(rule: BadEventRule, source: string | undefined, pages: readonly Page[]): RuleCounts {
  const metric = rule.metrics.find(({ name }) => name === source) ?? preferredMetric(rule, pages);
  if (metric === undefined) return { source, counters: [], notes: pages.length > 0 ? [absentNote(rule, pages)] : [] };
  const counters = [];
  for (const { target, samples } of pages) {
    const counted = countEvents(rule, metric, samples);
    if (!counted.ok) return refuseRule(rule, metric, `${target.pod}: ${counted.error}`);
    counters.push({ target, counters: counted.value });
  }
  return { source: metric.name, counters, notes: sideNotes(rule, metric, counters) };
}

function refuseRule(rule: BadEventRule, metric: SeriesSelector, reason: string): RuleCounts {
  return { source: metric.name, counters: [], notes: [`${rule.name} cannot be compared: ${reason}`] };
}

/** The first metric in the order of preference that any page has. */
function preferredMetric(rule: BadEventRule, pages: readonly Page[]): SeriesSelector | undefined {
  const found = new Set(pages.map(({ samples }) => findMetric(rule, samples)));
  return rule.metrics.find((metric) => found.has(metric));
}

function absentNote(rule: BadEventRule, pages: readonly Page[]): string {
  for (const metric of rule.metrics) {
    for (const { target, samples } of pages) {
      const counted = countEvents(rule, metric, samples);
      if (!counted.ok) return `${rule.name} cannot be counted: ${target.pod}: ${counted.error}`;
    }
  }
  const names = rule.metrics.map(({ name }) => name).join(', ');
  return `${rule.name}: no pod has series of ${names}${rule.metrics.length > 1 ? '; name the right metric' : ' yet'}`;
}

function sideNotes(rule: BadEventRule, metric: SeriesSelector, counters: RuleCounts['counters']): readonly string[] {
  return (['canary', 'stable'] as const)
    .filter((role) => {
      const side = counters.filter(({ target }) => target.role === role);
      return side.length > 0 && side.every((one) => one.counters.size === 0);
    })
    .map((role) => `${rule.name}: no ${role} pod has series of ${metric.name} yet`);
}
