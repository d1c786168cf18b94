import { unescapeText } from './exposition-cursor.ts';
import type { Sample } from './exposition-line.ts';

export type MetricType =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'gaugehistogram'
  | 'summary'
  | 'info'
  | 'stateset'
  | 'unknown';

/** What a page says about the samples of one name. */
export interface MetricFamily {
  readonly name: string;
  readonly type: MetricType;
  /** Empty when the page names none. */
  readonly unit: string;
}

interface OpenFamily extends MetricFamily {
  type: MetricType;
  unit: string;
  typed: boolean;
  sampled: boolean;
  entered: boolean;
}

/** Endings of the samples of a family by its type; the empty ending is the family's own name. */
const openMetricsEndings: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum', '_created'],
  gaugehistogram: ['_bucket', '_gcount', '_gsum'],
  summary: ['', '_count', '_sum', '_created'],
  info: ['_info'],
  stateset: [''],
  unknown: [''],
};

const textEndings: Readonly<Record<string, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum'],
  summary: ['', '_count', '_sum'],
  untyped: [''],
  unknown: [''],
};

/**
 * Checks metadata and samples of one page against each other while they come by. Answers with a problem or undefined.
 */
export function familyTracker(openMetrics: boolean) {
  const endings = openMetrics ? openMetricsEndings : textEndings;
  const families = new Map<string, OpenFamily>();
  const familyBySample = new Map<string, OpenFamily>();
  let current: OpenFamily | undefined;

  function familyNamed(name: string): OpenFamily {
    const known = families.get(name);
    if (known !== undefined) return known;
    const family: OpenFamily = { name, type: 'unknown', unit: '', typed: false, sampled: false, entered: false };
    families.set(name, family);
    return family;
  }

  function familyOf(sampleName: string): OpenFamily {
    const own = families.get(sampleName);
    if (own !== undefined && endings[own.type]?.includes('')) return own;
    const at = sampleName.lastIndexOf('_');
    const base = at <= 0 ? undefined : families.get(sampleName.slice(0, at));
    if (base !== undefined && endings[base.type]?.includes(sampleName.slice(at))) return base;
    return own ?? familyNamed(sampleName);
  }

  /** A family keeps together in OpenMetrics: once another one came by it is closed. */
  function enter(family: OpenFamily): string | undefined {
    if (openMetrics && family !== current && family.entered) {
      return `the lines of ${family.name} do not stand together`;
    }
    current = family;
    family.entered = true;
    return undefined;
  }

  return {
    families: families as ReadonlyMap<string, MetricFamily>,
    /** A line that starts with `#`, without the final `# EOF` of OpenMetrics. */
    comment(line: string): string | undefined {
      const comment = parseComment(line, openMetrics);
      if (comment === undefined) return openMetrics ? `"${line.slice(0, 40)}" is not metadata` : undefined;
      const family = familyNamed(comment.name);
      const problem = enter(family);
      if (problem !== undefined) return problem;
      if (openMetrics && family.sampled) return `metadata of ${family.name} after its samples`;
      if (comment.keyword === 'TYPE') return setType(family, comment.text, endings, openMetrics);
      return comment.keyword === 'UNIT' ? setUnit(family, comment.text) : undefined;
    },
    sample(sample: Sample): string | undefined {
      let family = familyBySample.get(sample.name);
      if (family === undefined) {
        family = familyOf(sample.name);
        familyBySample.set(sample.name, family);
      }
      const problem = enter(family);
      if (problem !== undefined) return problem;
      family.sampled = true;
      return openMetrics ? sampleProblem(family, endings[family.type] ?? [''], sample) : undefined;
    },
  };
}

interface Comment {
  readonly keyword: string;
  readonly name: string;
  readonly text: string;
}

const looseComment = /^#[ \t]*(TYPE|HELP)[ \t]+("(?:[^"\\]|\\.)*"|[^ \t]+)[ \t]*(.*)$/;
const strictComment = /^# (TYPE|HELP|UNIT) ("(?:[^"\\]|\\.)*"|[^ ]+)(?: (.*))?$/;

/** Metadata, or undefined for another comment. */
function parseComment(line: string, openMetrics: boolean): Comment | undefined {
  const [, keyword, name, text = ''] = (openMetrics ? strictComment : looseComment).exec(line) ?? [];
  if (keyword === undefined || name === undefined) return undefined;
  return {
    keyword,
    name: name.startsWith('"') ? unescapeText(name.slice(1, -1)) : name,
    text: openMetrics ? text : text.trimEnd(),
  };
}

function setType(
  family: OpenFamily,
  text: string,
  endings: Readonly<Record<string, readonly string[]>>,
  openMetrics: boolean,
): string | undefined {
  if (!Object.hasOwn(endings, text)) return `"${text}" is not a metric type`;
  const type = text === 'untyped' ? 'unknown' : (text as MetricType); // the table holds no other words
  if (family.typed && (openMetrics || family.type !== type)) return `a second type for ${family.name}`;
  // A repeated block of the same metric says nothing new; a type that comes too late would change what was read.
  if (!family.typed && family.sampled && type !== 'unknown') return `the type of ${family.name} after its samples`;
  family.type = type;
  family.typed = true;
  return undefined;
}

function setUnit(family: OpenFamily, unit: string): string | undefined {
  if (unit !== '' && !family.name.endsWith(`_${unit}`)) return `${family.name} does not end in its unit _${unit}`;
  family.unit = unit;
  return undefined;
}

function sampleProblem(family: OpenFamily, endings: readonly string[], sample: Sample): string | undefined {
  const ending = sample.name.slice(family.name.length);
  if (!endings.includes(ending)) {
    const expected = endings.map((one) => family.name + one).join(', ');
    return `${sample.name} is no sample of the ${family.type} ${family.name}; expected ${expected}`;
  }
  if (sample.exemplar !== undefined && ending !== '_total' && ending !== '_bucket') {
    return `an exemplar on ${sample.name}, which is neither a counter nor a bucket`;
  }
  const label = ending === '_bucket' ? 'le' : family.type === 'summary' && ending === '' ? 'quantile' : undefined;
  return label === undefined || sample.labels.has(label) ? undefined : `${sample.name} has no label ${label}`;
}
