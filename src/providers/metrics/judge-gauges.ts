import {
  initialGauge,
  readGauge,
  reportGauge,
  type GaugeKind,
  type GaugeReading,
  type GaugeReport,
  type GaugeState,
} from '../../analysis/judge/gauge.ts';
import { parseSeriesSelector, type SeriesSelector } from '../../analysis/judge/series-selector.ts';
import { listOf, numberOf } from '../../api/json-access.ts';
import type { ConfigReader } from './config-reader.ts';
import type { MetricWindow } from './contract.ts';
import type { Page } from './judge-pages.ts';

/** A gauge and where it stands on the pages. */
export interface GaugeRule {
  readonly kind: GaugeKind;
  readonly metric: SeriesSelector;
}

/** States of the gauges by name. */
export type GaugeStates = Readonly<Record<string, GaugeState>>;

const gaugesMax = 4;

/** Reads the list `gauges`. The weight is for all of them together. */
export function readGauges(fields: ConfigReader, weight: number): readonly GaugeRule[] {
  const items = fields.items('gauges');
  if (items.length > gaugesMax) fields.refuse('gauges', `there may be at most ${gaugesMax}`);
  const rules = items.flatMap((item): readonly GaugeRule[] => {
    const metric = item.parsed('metric', '', parseSeriesSelector);
    const compare = item.choice('compare', ['level', 'rate', 'growth'], 'level');
    const margin = item.number('margin', { min: 0, max: 100, initial: compare === 'growth' ? 0.05 : 0.2 });
    const name = item.text('name', metric?.name ?? '');
    const isNameless = metric === undefined && !item.has('name');
    if (!isNameless && !/^[\w .-]{1,60}$/.test(name))
      item.contradict('name', 'it must have 1 to 60 letters, digits, blanks, "_", "." and "-"');
    return metric === undefined ? [] : [{ metric, kind: { name, compare, margin, weight: weight / items.length } }];
  });
  const names = rules.map(({ kind }) => kind.name);
  if (new Set([...names, ...reservedNames]).size < names.length + reservedNames.length) {
    fields.refuse('gauges', `each must have a name of its own, other than ${reservedNames.join(', ')}`);
  }
  return rules;
}

const reservedNames = ['errors', 'latency', 'restarts'];

/** Takes the values on the pages of one round in. */
export function foldGauges(
  rules: readonly GaugeRule[],
  before: GaugeStates,
  pages: readonly Page[],
  window: MetricWindow,
  isWarmingUp: (page: Page) => boolean,
): { readonly gauges: GaugeStates; readonly notes: readonly string[] } {
  const notes: string[] = [];
  const gauges: Record<string, GaugeState> = {};
  for (const { kind, metric } of rules) {
    const readings = pages.filter((page) => !isWarmingUp(page)).flatMap((page) => readingsOf(metric, page, notes));
    const found = readGauge(kind, before[kind.name] ?? initialGauge, readings, window.nowMs);
    gauges[kind.name] = found;
    if (pages.length > 0 && Object.keys(found.pods).length === 0) notes.push(`${kind.name}: no pod has ${metric.name}`);
    if (found.comparisons > 0 && found.last === undefined) {
      notes.push(`${kind.name}: it takes three stable pods and one of the canary that are there all the time`);
    }
  }
  return { gauges, notes };
}

/** What the gauges amount to. */
export function reportGauges(rules: readonly GaugeRule[], states: GaugeStates): readonly GaugeReport[] {
  return rules.map(({ kind }) => reportGauge(kind, states[kind.name] ?? initialGauge));
}

/** What of the gauges is worth keeping, as JSON: evidence, and how many comparisons were made. */
export function packGauges(states: GaugeStates): Readonly<Record<string, readonly [number, number]>> {
  return Object.fromEntries(
    Object.entries(states).map(([name, { evidence, comparisons }]) => [
      name,
      [Math.floor(evidence * 1e4) / 1e4, comparisons],
    ]),
  );
}

/** The same read back; a gauge that is not there begins anew. */
export function unpackGauges(rules: readonly GaugeRule[], stored: Readonly<Record<string, unknown>>): GaugeStates {
  return Object.fromEntries(
    rules.map(({ kind }) => {
      const [evidence, comparisons] = listOf(stored[kind.name]).map((one) => numberOf(one) ?? -1);
      const isSound =
        evidence !== undefined && evidence >= 0 && Number.isInteger(comparisons) && (comparisons ?? -1) >= 0;
      return [kind.name, isSound ? { ...initialGauge, evidence, comparisons: comparisons ?? 0 } : initialGauge];
    }),
  );
}

/** The sum of the pod's series, which are parts such as areas of memory. */
function readingsOf(metric: SeriesSelector, { target, atMs, samples }: Page, notes: string[]): readonly GaugeReading[] {
  const series = samples.filter(({ name, labels }) => name === metric.name && metric.matches(labels));
  if (series.length === 0) return [];
  const value = series.reduce((sum, sample) => sum + sample.value, 0);
  if (!Number.isFinite(value)) {
    notes.push(`${target.pod}: ${metric.name} is ${value}; this reading is left out`);
    return [];
  }
  const { pod, role, restarts = 0 } = target;
  return [{ pod, role, restarts, atMs, value }];
}
