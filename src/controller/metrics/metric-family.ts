/** Labels of a sample, in the order in which they are written. */
export type Labels = Readonly<Record<string, string>>;

/** Series of one family at most; what comes later is left out, so that a name that varies costs no memory. */
const seriesMax = 20_000;
/** Divides the values of labels in a key: none of them can hold it. */
const divider = '\u0000';

/** Families of the Prometheus text format 0.0.4. */
export interface MetricFamily {
  /** Lines with their HELP and TYPE; empty without samples. */
  lines(): readonly string[];
}

interface FamilyName {
  readonly name: string;
  readonly help: string;
}

/** A number that only grows, by labels. */
export class Counter implements MetricFamily {
  readonly #family: FamilyName;
  readonly #series = new Map<string, { readonly labels: Labels; value: number }>();

  constructor(family: FamilyName) {
    this.#family = family;
  }

  add(labels: Labels, amount = 1): void {
    const key = keyOf(labels);
    const present = this.#series.get(key);
    if (present !== undefined) present.value += amount;
    else if (this.#series.size < seriesMax) this.#series.set(key, { labels, value: amount });
  }

  /** Forgets the series whose labels are no longer wanted. */
  keep(isWanted: (labels: Labels) => boolean): void {
    for (const [key, { labels }] of this.#series) if (!isWanted(labels)) this.#series.delete(key);
  }

  lines(): readonly string[] {
    const samples = [...this.#series.values()].map(({ labels, value }) => sample(this.#family.name, labels, value));
    return family(this.#family, 'counter', samples);
  }
}

/** How often values were at most as large as each bound, by labels. */
export class Histogram implements MetricFamily {
  readonly #family: FamilyName;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, { readonly labels: Labels; readonly counts: number[]; sum: number }>();

  /** `bounds` grow; the last one, infinity, is implied. */
  constructor(name: FamilyName, bounds: readonly number[]) {
    this.#family = name;
    this.#bounds = bounds;
  }

  observe(labels: Labels, value: number): void {
    const key = keyOf(labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= seriesMax) return;
      series = { labels, counts: Array.from({ length: this.#bounds.length + 1 }, () => 0), sum: 0 };
      this.#series.set(key, series);
    }
    const index = this.#bounds.findIndex((bound) => value <= bound);
    const slot = index === -1 ? this.#bounds.length : index;
    series.counts[slot] = (series.counts[slot] ?? 0) + 1;
    series.sum += value;
  }

  /** Forgets the series whose labels are no longer wanted. */
  keep(isWanted: (labels: Labels) => boolean): void {
    for (const [key, { labels }] of this.#series) if (!isWanted(labels)) this.#series.delete(key);
  }

  lines(): readonly string[] {
    const { name } = this.#family;
    const samples = [...this.#series.values()].flatMap(({ labels, counts, sum }) => {
      let total = 0;
      const buckets = counts.map((count, index) => {
        total += count;
        return sample(`${name}_bucket`, { ...labels, le: boundText(this.#bounds[index]) }, total);
      });
      return [...buckets, sample(`${name}_sum`, labels, sum), sample(`${name}_count`, labels, total)];
    });
    return family(this.#family, 'histogram', samples);
  }
}

/** A family of values that are read when they are asked for. */
export function gauge(
  name: string,
  help: string,
  samples: readonly { readonly labels: Labels; readonly value: number }[],
): MetricFamily {
  return {
    lines: () =>
      family(
        { name, help },
        'gauge',
        samples.slice(0, seriesMax).map(({ labels, value }) => sample(name, labels, value)),
      ),
  };
}

/** The page of all families. */
export function metricPage(families: readonly MetricFamily[]): string {
  return `${families.flatMap((one) => one.lines()).join('\n')}\n`;
}

function family({ name, help }: FamilyName, type: string, samples: readonly string[]): readonly string[] {
  if (samples.length === 0) return [];
  return [
    `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${name} ${type}`,
    ...samples,
  ];
}

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escape(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function boundText(bound: number | undefined): string {
  return bound === undefined ? '+Inf' : String(bound);
}

function keyOf(labels: Labels): string {
  return Object.values(labels).join(divider);
}
